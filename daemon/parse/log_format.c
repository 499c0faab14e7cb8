#include "parse/log_format.h"

#include "base/address.h"
#include "base/error.h"
#include "parse/log_json.h"
#include "parse/take.h"
#include "parse/url.h"

bool log_format_begins(struct slice line)
{
    size_t space = slice_find(line, ' ');

    return slice_starts(line, SLICE("{")) ||
           (space < line.length &&
            slice_find((struct slice){line.at, space}, '=') == space);
}

/* The word in front, when an address is behind it. */
static bool take_vhost(struct slice *line, struct slice *ret_vhost)
{
    struct slice at = *line, word, vhost, client;
    struct address address;

    if (!take_word(&at, &word))
        return false;
    vhost = url_authority_host(word);
    *line = at;
    if (!take_word(&at, &client) || address_parse(&address, client) != 0)
        return false;
    *ret_vhost = vhost;
    return true;
}

static int read_text(struct log_line *ret_line, struct slice line)
{
    struct slice vhost;

    if (log_line_parse(ret_line, line, NULL) == 0)
        return 0;
    if (!take_vhost(&line, &vhost) || log_line_parse(ret_line, line, NULL) != 0)
        return ERR_MALFORMED;
    ret_line->vhost = vhost;
    return 0;
}

int log_format_read(struct log_line *ret_line, struct slice line, char *scratch)
{
    struct log_line read;

    if (slice_starts(line, SLICE("{")))
        return log_json_parse(ret_line, line, scratch);
    if (read_text(&read, line) != 0)
        return ERR_MALFORMED;
    read.target = log_line_unescape(read.target, scratch);
    if (read.target.at == scratch)
        scratch += read.target.length;
    read.referrer = log_line_unescape(read.referrer, scratch);
    *ret_line = read;
    return 0;
}
