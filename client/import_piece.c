/* The document of a piece, version 1. Lines end with LF; numbers are decimal but for
 * HASH16 and FP, which are lower-case hex.
 *
 *     luot-load 1
 *     site KEY
 *     key_id N                           the marks' fingerprints are made with that key
 *     source HASH16 bytes=N lines=N parsed=N malformed=N views=N skipped=N from=S to=S
 *            name=BASENAME               (one line)
 *     from_byte N                        what luotd must have of this source already
 *     day YYYY-MM-DD views=N             local days of the site, ascending
 *     hour UNIX_HOUR views=N             numbers of count/period PERIOD_HOUR, ascending
 *     top YYYY-MM-DD OF VIEWS VISITORS LACKS KEY   import_tops.h; without KEY: the rest
 *     mark FP FIRSTSLOT LASTSLOT         store/marks.h, settled
 *     end
 *
 * `bytes` is how much of the source is used up after this piece; the other numbers are
 * the piece's own. So a piece is whole in itself, and luotd refuses one that it has
 * already. `name` is percent-encoded, `from` and `to` are unix seconds of page views. */
#include "import_piece.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "identify/visitor.h"
#include "store/marks.h"

enum { SLOT_S = 12, HEAD_BYTES = 2048 };
static_assert((int64_t)IMPORT_PIECE_VIEWS * IMPORT_VIEW_BYTES + HEAD_BYTES <
                  IMPORT_PIECE_BYTES,
              "a document must fit into what the console takes");

int import_piece_init(struct import_piece *p)
{
    *p = (struct import_piece){.view = malloc(IMPORT_PIECE_VIEWS * sizeof *p->view)};
    return p->view == NULL ? ERR_NOMEM : 0;
}

void import_piece_release(struct import_piece *p)
{
    import_tops_clear(&p->tops);
    free(p->view);
    p->view = NULL;
}

void import_piece_begin(struct import_piece *p, uint64_t from_byte)
{
    import_tops_clear(&p->tops);
    *p = (struct import_piece){
        .from_byte = from_byte, .until_byte = from_byte, .view = p->view};
}

bool import_piece_is_full(const struct import_piece *p)
{
    return p->count == IMPORT_PIECE_VIEWS || import_tops_is_full(&p->tops) ||
           HEAD_BYTES + (p->count + 1) * IMPORT_VIEW_BYTES + p->tops.bytes +
                   IMPORT_TOPS_VIEW_BYTES >
               IMPORT_PIECE_BYTES;
}

void import_numbers_add(struct import_numbers *to, const struct import_numbers *more)
{
    if (more->views > 0 && (to->views == 0 || more->from_s < to->from_s))
        to->from_s = more->from_s;
    if (more->views > 0 && (to->views == 0 || more->to_s > to->to_s))
        to->to_s = more->to_s;
    to->lines += more->lines;
    to->parsed += more->parsed;
    to->malformed += more->malformed;
    to->views += more->views;
    to->robots += more->robots;
    to->internal += more->internal;
    to->denied += more->denied;
    to->skipped += more->skipped;
}

/* --- Records --- */

/* The same visitor that the live counters would see, if the log has addresses. PV-1 tells
 * visitors by the bytes of the first field, whatever they are. */
static uint64_t visitor_of(const struct import_site *site, const struct log_line *line,
                           enum page_rule rule)
{
    struct slice key = slice_of(site->key);
    struct address address, unit;
    if (rule == PAGE_RULE_PV1 || address_parse(&address, line->host) != 0)
        return visitor_hash_name(&site->hash, key, line->host, line->user_agent);
    unit = address_unit(&address);
    return visitor_hash(&site->hash, key, &unit, line->user_agent);
}

static int64_t slot_of(int64_t time_s)
{
    return time_s / SLOT_S - (time_s % SLOT_S < 0);
}

/* What luotd would have said of it, live; its keys are in the tops then. */
static enum outcome judge(struct import_piece *p, const struct import_site *site,
                          const struct log_line *line, enum page_rule rule,
                          const struct import_view *view)
{
    struct visit visit;
    enum outcome outcome;

    if (site->scene == NULL)
        return OUTCOME_VIEW;
    outcome = import_scene_read(site->scene, &visit, line, rule);
    if (outcome == OUTCOME_VIEW || outcome == OUTCOME_BOT)
        import_tops_add(&p->tops,
                        period_at(&site->calendar, PERIOD_DAY, view->slot).number, &visit,
                        view->fp);
    return outcome;
}

/* Room for it: import_piece_is_full. */
static void count_view(struct import_piece *p, const struct log_line *line,
                       struct import_view view)
{
    struct import_numbers one = {
        .views = 1, .from_s = line->time_s, .to_s = line->time_s};

    import_numbers_add(&p->numbers, &one);
    p->view[p->count++] = view;
}

void import_piece_add(struct import_piece *p, const struct import_site *site,
                      const struct log_line *line, enum page_rule rule)
{
    struct import_view view;
    enum outcome outcome;

    if (line->time_s >= site->first_live_s) {
        p->numbers.skipped++;
        return;
    }
    if (!page_rule_is_page(site->not_pages, line->path) || !page_rule_is_view(rule, line))
        return;
    view = (struct import_view){slot_of(line->time_s),
                                visitors_fingerprint(visitor_of(site, line, rule))};
    outcome = judge(p, site, line, rule, &view);
    if (outcome == OUTCOME_VIEW)
        count_view(p, line, view);
    else if (outcome == OUTCOME_BOT)
        p->numbers.robots++;
    else if (outcome == OUTCOME_INTERNAL)
        p->numbers.internal++;
    else
        p->numbers.denied++;
}

/* --- The document --- */

static int by_time(const void *a, const void *b)
{
    const struct import_view *x = a, *y = b;
    if (x->slot != y->slot)
        return x->slot < y->slot ? -1 : 1;
    return (x->fp > y->fp) - (x->fp < y->fp);
}

void import_piece_sort(struct import_piece *p)
{
    qsort(p->view, p->count, sizeof *p->view, by_time);
}

static void write_name(struct buffer *b, struct slice name)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-._~";
    for (size_t i = 0; i < name.length && i < 255; i++) {
        if (name.at[i] != '\0' && strchr(PLAIN, name.at[i]) != NULL)
            buffer_byte(b, name.at[i]);
        else
            buffer_format(b, "%%%02X", (unsigned)(unsigned char)name.at[i]);
    }
}

static void write_head(struct buffer *b, const struct import_piece *p,
                       const struct import_site *site,
                       const struct import_source_name *source)
{
    const struct import_numbers *n = &p->numbers;
    buffer_format(b, "luot-load 1\nsite %s\nkey_id %" PRIu64 "\n", site->key,
                  site->key_id);
    buffer_format(b,
                  "source %016" PRIx64 " bytes=%" PRIu64 " lines=%" PRIu64
                  " parsed=%" PRIu64 " malformed=%" PRIu64 " views=%" PRIu64
                  " skipped=%" PRIu64 " from=%" PRId64 " to=%" PRId64 " name=",
                  source->first_line, p->until_byte, n->lines, n->parsed, n->malformed,
                  n->views, n->skipped, n->from_s, n->to_s);
    write_name(b, source->name);
    buffer_format(b, "\nfrom_byte %" PRIu64 "\n", p->from_byte);
}

/* A row for each day or hour that the views, in order of time, lie in. */
static void write_periods(struct buffer *b, const struct import_piece *p,
                          const struct calendar *c, enum period_kind kind)
{
    size_t i = 0, from;
    char date[11];
    while (i < p->count) {
        int64_t number = period_at(c, kind, p->view[i].slot).number;
        int64_t until = p->view[i].slot;
        for (from = i; i < p->count; i++) {
            if (p->view[i].slot == until)
                continue;
            until = p->view[i].slot;
            if (period_at(c, kind, until).number != number)
                break;
        }
        if (kind == PERIOD_DAY) {
            date_write(number, date);
            buffer_format(b, "day %s views=%zu\n", date, i - from);
        } else {
            buffer_format(b, "hour %" PRId64 " views=%zu\n", number, i - from);
        }
    }
}

static int write_marks(struct buffer *b, const struct import_piece *p,
                       const struct import_site *site)
{
    struct marks m = {.mark = malloc((p->count + 1) * sizeof *m.mark), .count = p->count};
    if (m.mark == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < p->count; i++)
        m.mark[i] = (struct mark){p->view[i].fp, p->view[i].slot, p->view[i].slot};
    marks_settle(&m, &site->calendar, site->idle_slots);
    for (size_t i = 0; i < m.count; i++)
        buffer_format(b, "mark %" PRIx64 " %" PRId64 " %" PRId64 "\n", m.mark[i].fp,
                      m.mark[i].first_slot, m.mark[i].last_slot);
    marks_release(&m);
    return 0;
}

int import_piece_document(struct import_piece *p, const struct import_site *site,
                          const struct import_source_name *source, char **ret_bytes,
                          size_t *ret_length)
{
    size_t limit = HEAD_BYTES + p->count * IMPORT_VIEW_BYTES + p->tops.bytes;
    char *bytes = malloc(limit);
    struct buffer b;
    if (bytes == NULL)
        return ERR_NOMEM;
    buffer_init(&b, bytes, limit);
    write_head(&b, p, site, source);
    write_periods(&b, p, &site->calendar, PERIOD_DAY);
    write_periods(&b, p, &site->calendar, PERIOD_HOUR);
    int rv = import_tops_write(&p->tops, &b);
    if (rv == 0)
        rv = write_marks(&b, p, site);
    buffer_text(&b, "end\n");
    if (rv == 0)
        rv = buffer_error(&b);
    if (rv != 0) {
        free(bytes);
        return rv;
    }
    *ret_bytes = bytes;
    *ret_length = b.length;
    return 0;
}
