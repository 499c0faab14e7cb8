#include "parse/log_json.h"

#include "base/error.h"
#include "parse/json_line.h"
#include "parse/log_time.h"
#include "parse/take.h"
#include "parse/url.h"

enum field {
    CLIENT,
    FORWARDED,
    REQUEST,
    METHOD,
    TARGET,
    STATUS,
    TIME,
    REFERRER,
    AGENT,
    HOST,
    SITE,
    LANGUAGE,
    DNT,
    GPC,
    PURPOSE,
    FIELDS
};

enum { NAME_MAX_BYTES = 24 };

/* As folded() makes them. */
#define NAME(text, field)                                                                \
    {                                                                                    \
        {text, sizeof(text) - 1}, field                                                  \
    }
static const struct {
    struct slice name;
    enum field field;
} NAMES[] = {
    NAME("remoteaddr", CLIENT),
    NAME("remoteip", CLIENT),
    NAME("clientip", CLIENT),
    NAME("clienthost", CLIENT),
    NAME("client", CLIENT),
    NAME("addr", CLIENT),
    NAME("ip", CLIENT),
    NAME("httpxforwardedfor", FORWARDED),
    NAME("xforwardedfor", FORWARDED),
    NAME("xff", FORWARDED),
    NAME("request", REQUEST),
    NAME("requestline", REQUEST),
    NAME("requestmethod", METHOD),
    NAME("method", METHOD),
    NAME("m", METHOD),
    NAME("requesturi", TARGET),
    NAME("requestpath", TARGET),
    NAME("uri", TARGET),
    NAME("url", TARGET),
    NAME("path", TARGET),
    NAME("u", TARGET),
    NAME("status", STATUS),
    NAME("responsestatus", STATUS),
    NAME("downstreamstatus", STATUS),
    NAME("statuscode", STATUS),
    NAME("code", STATUS),
    NAME("s", STATUS),
    NAME("timeiso8601", TIME),
    NAME("timelocal", TIME),
    NAME("msec", TIME),
    NAME("timestamp", TIME),
    NAME("time", TIME),
    NAME("ts", TIME),
    NAME("t", TIME),
    NAME("httpreferer", REFERRER),
    NAME("httpreferrer", REFERRER),
    NAME("referer", REFERRER),
    NAME("referrer", REFERRER),
    NAME("requestreferer", REFERRER),
    NAME("ref", REFERRER),
    NAME("r", REFERRER),
    NAME("httpuseragent", AGENT),
    NAME("useragent", AGENT),
    NAME("requestuseragent", AGENT),
    NAME("agent", AGENT),
    NAME("ua", AGENT),
    NAME("host", HOST),
    NAME("httphost", HOST),
    NAME("requesthost", HOST),
    NAME("servername", HOST),
    NAME("vhost", HOST),
    NAME("virtualhost", HOST),
    NAME("h", HOST),
    NAME("site", SITE),
    NAME("sitekey", SITE),
    NAME("httpacceptlanguage", LANGUAGE),
    NAME("acceptlanguage", LANGUAGE),
    NAME("httpdnt", DNT),
    NAME("dnt", DNT),
    NAME("httpsecgpc", GPC),
    NAME("secgpc", GPC),
    NAME("gpc", GPC),
    NAME("httpsecpurpose", PURPOSE),
    NAME("secpurpose", PURPOSE),
    NAME("httppurpose", PURPOSE),
    NAME("purpose", PURPOSE),
    NAME("httpxmoz", PURPOSE),
};
#undef NAME

/* Lower case, without what separates words; its length, or 0 when it is too long to be a
 * name of ours. */
static size_t folded(struct slice name, char ret_folded[NAME_MAX_BYTES])
{
    size_t length = 0;

    for (size_t i = 0; i < name.length; i++) {
        char c = name.at[i];
        if (c == '_' || c == '-' || c == '@' || c == '.' || c == ' ')
            continue;
        if (length == NAME_MAX_BYTES)
            return 0;
        ret_folded[length++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    return length;
}

/* FIELDS: nothing that we look at. */
static enum field field_of(struct slice name)
{
    char text[NAME_MAX_BYTES];
    struct slice folded_name = {text, folded(name, text)};

    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (slice_equal(folded_name, NAMES[i].name))
            return NAMES[i].field;
    return FIELDS;
}

static bool is_none(struct slice value)
{
    return value.length == 0 || slice_equal(value, SLICE("-"));
}

/* The values of the fields, decoded into scratch; a bit of *ret_named for each that was
 * named at all. */
static int collect(struct slice value[FIELDS], unsigned *ret_named, struct slice line,
                   char *scratch)
{
    struct json_line j = {.rest = line};
    struct json_member member;

    while (json_line_next(&j, &member)) {
        enum field field = field_of(member.name);
        *ret_named |= 1U << field;
        if (field == FIELDS || value[field].length > 0 || is_none(member.value) ||
            (member.kind != MEMBER_TEXT && member.kind != MEMBER_NUMBER))
            continue;
        value[field] = member.value;
        if (member.kind == MEMBER_TEXT)
            value[field] = json_line_text(member.value, scratch);
        if (value[field].at == scratch)
            scratch += value[field].length;
    }
    return json_line_is_whole(&j) ? 0 : ERR_MALFORMED;
}

static int read_status(struct log_line *line, struct slice status)
{
    return take_digits(&status, 3, &line->status) && status.length == 0 ? 0
                                                                        : ERR_MALFORMED;
}

static int read_time(struct log_line *line, struct slice time)
{
    struct log_time when;

    if (time.length == 0)
        return 0;
    if (log_time_any(&when, time) != 0)
        return ERR_MALFORMED;
    line->has_time = true;
    line->time_s = when.s;
    line->offset_s = when.offset_s;
    return 0;
}

/* A request line; or a method, and a target under a name of its own or under that of the
 * request, as Apache's users write "%U". One that is named and empty, or no request (who
 * connected and sent nothing, or a port scan's bytes), leaves a record without a page. */
static int read_request(struct log_line *line, const struct slice value[FIELDS],
                        unsigned named)
{
    const unsigned request = 1U << REQUEST, apart = 1U << METHOD | 1U << TARGET;
    struct slice target = value[TARGET];
    bool bare = value[REQUEST].length > 0 && value[REQUEST].at[0] == '/';

    if (value[REQUEST].length > 0 && !bare) {
        log_line_set_request(line, value[REQUEST]);
        return 0;
    }
    if (target.length == 0)
        target = value[REQUEST];
    log_line_set_target(line, value[METHOD], target);
    return (named & request) != 0 || (named & apart) == apart ? 0 : ERR_MALFORMED;
}

static bool holds(struct slice text, struct slice word)
{
    for (; text.length >= word.length; text.at++, text.length--)
        if (slice_equal_nocase((struct slice){text.at, word.length}, word))
            return true;
    return false;
}

int log_json_parse(struct log_line *ret_line, struct slice line, char *scratch)
{
    struct slice value[FIELDS] = {0};
    struct log_line parsed = {.kind = LOG_JSON};
    unsigned named = 0;

    if (collect(value, &named, line, scratch) != 0 || value[CLIENT].length == 0 ||
        read_status(&parsed, value[STATUS]) != 0 ||
        read_time(&parsed, value[TIME]) != 0 || read_request(&parsed, value, named) != 0)
        return ERR_MALFORMED;
    parsed.host = value[CLIENT];
    parsed.forwarded = value[FORWARDED];
    parsed.referrer = value[REFERRER];
    parsed.user_agent = value[AGENT];
    parsed.has_agent = (named & 1U << AGENT) != 0;
    parsed.vhost = url_authority_host(value[HOST]);
    parsed.site = value[SITE];
    parsed.language = value[LANGUAGE];
    parsed.anonymous =
        slice_equal(value[DNT], SLICE("1")) || slice_equal(value[GPC], SLICE("1"));
    parsed.prefetch = holds(value[PURPOSE], SLICE("prefetch")) ||
                      holds(value[PURPOSE], SLICE("prerender"));
    *ret_line = parsed;
    return 0;
}
