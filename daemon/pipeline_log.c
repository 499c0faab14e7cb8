#include "pipeline_log.h"

#include "parse/forwarded.h"
#include "parse/log_format.h"
#include "parse/page_rule.h"
#include "parse/syslog.h"

enum { OWN_TIME_S = 2 * 3600 };

bool pipeline_is_log(struct slice line)
{
    return pipeline_may_be_log(line) && (syslog_begins(line) || log_format_begins(line));
}

/* --- Which site --- */

/* nginx allows letters, digits and '_' in a tag; keys have '-' more often. */
static struct site *site_of_tag(const struct pipeline *p, struct slice tag)
{
    char key[SITE_KEY_MAX];
    struct site *site = registry_by_key(p->registry, tag);

    if (site != NULL || tag.length > sizeof key)
        return site;
    for (size_t i = 0; i < tag.length; i++)
        key[i] = tag.at[i] == '_' ? '-' : tag.at[i];
    return registry_by_key(p->registry, (struct slice){key, tag.length});
}

static struct site *site_of(const struct pipeline *p, const struct syslog *envelope,
                            const struct log_line *record)
{
    struct site *site;

    if (record->site.length > 0)
        return registry_by_key(p->registry, record->site);
    site = site_of_tag(p, envelope->tag);
    if (site == NULL)
        site = registry_by_host(p->registry, record->vhost);
    if (site == NULL)
        site = registry_by_host(p->registry, envelope->host);
    if (site == NULL)
        site = registry_by_key(p->registry,
                               slice_of(registry_config(p->registry)->settings.log_site));
    return site;
}

/* --- When --- */

/* Unix seconds; 0: now. */
static int64_t own_time(const struct pipeline *p, const struct log_line *record)
{
    int64_t now_s = instant_seconds(p->now);
    bool ours = record->has_time && record->time_s <= now_s &&
                record->time_s > now_s - OWN_TIME_S;

    return ours ? record->time_s : 0;
}

/* --- Who --- */

/* A name has no address; limits and caches work with one. 100::/8 is nobody's, and the
 * name's hash tells it apart in the 64 bits that are looked at. */
static struct address address_of_name(struct slice name)
{
    struct address a = {{0x01}};
    uint64_t hash = hash_fast(name.at, name.length);

    memcpy(a.bytes + 1, &hash, 7);
    return a;
}

static struct sender sender_of(const struct pipeline *p, const struct log_line *record,
                               enum page_rule rule)
{
    const struct trust *trust = atomic_load_explicit(p->trust, memory_order_seq_cst);
    struct sender sender = {.trusted = true,
                            .anonymous = record->anonymous,
                            .prefetch = record->prefetch,
                            .agent_expected = record->has_agent,
                            .host = record->vhost,
                            .user_agent = record->user_agent,
                            .accept_language = record->language};

    if (address_parse(&sender.address, record->host) != 0) {
        sender.address = address_of_name(record->host);
        sender.name = record->host;
    } else if (rule == PAGE_RULE_PV1) {
        sender.name = record->host;
    } else if (networks_contain(&trust->proxies, &sender.address)) {
        (void)forwarded_client(&sender.address, record->forwarded, &trust->proxies);
    }
    return sender;
}

static struct slice none_if_dash(struct slice text)
{
    return slice_equal(text, SLICE("-")) ? (struct slice){NULL, 0} : text;
}

/* --- What --- */

static bool beacon_of(struct beacon *ret, const struct log_line *record,
                      enum page_kind kind)
{
    static const char *const events[] = {
        [PAGE_NOT_FOUND] = "404", [PAGE_DOWNLOAD] = "download"};

    if (kind == PAGE_NONE)
        return false;
    *ret = (struct beacon){.kind = kind == PAGE_VIEW ? BEACON_VIEW : BEACON_EVENT,
                           .page = record->target,
                           .referrer = none_if_dash(record->referrer)};
    if (kind != PAGE_VIEW)
        ret->event = slice_of(events[kind]);
    return true;
}

static enum outcome count_record(struct pipeline *p, const struct log_line *record,
                                 struct site *site)
{
    /* Freed after a grace: turn.c. */
    const struct site_terms *terms =
        atomic_load_explicit(&site->terms, memory_order_seq_cst);
    enum page_rule rule = terms->config.log_rule;
    struct beacon beacon;
    struct sender sender;

    if (terms->config.source != SOURCE_LOGS)
        return OUTCOME_OTHER_SOURCE;
    if (!page_rule_is_page(terms->config.not_pages, record->path) ||
        !beacon_of(&beacon, record, page_rule_kind(rule, record)))
        return OUTCOME_NOT_PAGE;
    sender = sender_of(p, record, rule);
    return pipeline_count(p, &beacon, &sender, site, terms, own_time(p, record));
}

enum outcome pipeline_count_log(struct pipeline *p, struct slice line,
                                struct site **ret_site)
{
    struct syslog envelope = {.line = line};
    struct log_line record;

    if (line.length > sizeof p->scratch)
        return OUTCOME_TOO_LONG;
    if ((syslog_begins(line) && syslog_parse(&envelope, line) != 0) ||
        log_format_read(&record, envelope.line, p->scratch) != 0)
        return OUTCOME_MALFORMED;
    *ret_site = site_of(p, &envelope, &record);
    if (*ret_site == NULL)
        return OUTCOME_UNKNOWN_SITE;
    return count_record(p, &record, *ret_site);
}
