#include "import.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "store/load_document.h"

enum { PROGRESS_LINES = 65536 };

struct import {
    const struct import_site *site;
    const struct import_peer *peer;
    struct import_result *result;
    struct import_source_name source;
    struct import_piece piece;
    enum page_rule rule;
    bool dry_run;
    bool combined; /* a record in the combined format was seen */
    bool loaded;   /* at least one piece                       */
};

static struct slice without_cr(struct slice line)
{
    if (line.length > 0 && line.at[line.length - 1] == '\r')
        line.length--;
    return line;
}

/* Names the source by its first line. */
static void name_source(struct import *im, const struct import_line *first)
{
    struct slice line = without_cr(first->bytes);
    struct log_line record;
    im->source.first_line = hash_fast(line.at, line.length);
    im->combined =
        log_line_parse(&record, line, NULL) == 0 && record.kind == LOG_COMBINED;
}

/* The piece into luotd and into the result; an empty one begins. */
static int finish_piece(struct import *im)
{
    struct import_piece *p = &im->piece;
    char *bytes = NULL;
    size_t length = 0;
    if (p->until_byte == p->from_byte)
        return 0;
    import_piece_sort(p);
    int rv = import_piece_document(p, im->site, &im->source, &bytes, &length);
    if (rv == 0 && !im->dry_run)
        rv = im->peer->load(im->peer->context, (struct slice){bytes, length});
    free(bytes);
    if (rv != 0)
        return rv;
    im->loaded = true;
    import_numbers_add(&im->result->numbers, &p->numbers);
    rv = import_tally_add(&im->result->tally, p, &im->site->calendar);
    import_piece_begin(p, p->until_byte);
    return rv;
}

/* Is a last line without LF whole? */
static bool is_whole(const struct import *im, const struct log_line *record)
{
    return record->kind == LOG_COMBINED || !im->combined;
}

static void tell_malformed(struct import *im, const struct import_line *line,
                           const char *reason)
{
    im->peer->malformed(im->peer->context, line, reason);
}

/* What cannot be used up yet is in the result only. */
static void take_unfinished(struct import *im, const struct import_line *line,
                            const char *reason)
{
    im->result->numbers.lines++;
    im->result->numbers.malformed++;
    tell_malformed(im, line, reason);
}

static bool parse_line(struct log_line *ret_record, const struct import_line *line,
                       const char **ret_reason)
{
    *ret_reason = "too_long";
    if (line->too_long || log_line_parse(ret_record, line->bytes, ret_reason) != 0)
        return false;
    *ret_reason = "bad_time";
    return ret_record->time_s >= 0 && ret_record->time_s < LOAD_TIME_MAX_S;
}

static void take_line(struct import *im, const struct import_line *line)
{
    struct log_line record;
    const char *reason;
    bool parsed = parse_line(&record, line, &reason);
    if (!line->ended && !(parsed && is_whole(im, &record))) {
        take_unfinished(im, line, parsed ? "no_match" : reason);
        return;
    }
    im->piece.until_byte = line->until;
    im->piece.numbers.lines++;
    if (!parsed) {
        im->piece.numbers.malformed++;
        tell_malformed(im, line, reason);
        return;
    }
    im->combined = im->combined || record.kind == LOG_COMBINED;
    im->piece.numbers.parsed++;
    import_piece_add(&im->piece, im->site, &record, im->rule);
}

/* From the first byte that luotd does not have. A line that begins before it was used up
 * when it had no LF yet: its rest is nothing new. */
static int take_lines(struct import *im, struct import_reader *reader)
{
    struct import_line line;
    int rv = 0;
    while (rv == 0 && import_reader_next(reader, &line)) {
        im->result->file_bytes = line.until;
        if (line.number % PROGRESS_LINES == 0)
            im->peer->progress(im->peer->context, reader, line.number);
        if (line.from < im->result->known.bytes)
            continue;
        take_line(im, &line);
        if (import_piece_is_full(&im->piece))
            rv = finish_piece(im);
    }
    if (rv == 0 && import_reader_error(reader) != NULL)
        return ERR_IO;
    return rv == 0 ? finish_piece(im) : rv;
}

static int import_lines(struct import *im, struct import_reader *reader)
{
    struct import_line first;
    if (!import_reader_first(reader, &first))
        return import_reader_error(reader) == NULL ? 0 : ERR_IO;
    name_source(im, &first);
    int rv =
        im->peer->source(im->peer->context, im->source.first_line, &im->result->known);
    if (rv != 0)
        return rv;
    import_piece_begin(&im->piece, im->result->known.bytes);
    rv = take_lines(im, reader);
    bool others = rv == ERR_EXISTS && !im->loaded; /* somebody else was faster */
    if (others)
        rv = 0;
    im->result->already_imported =
        others || (rv == 0 && !im->loaded && im->result->known.bytes > 0);
    return rv;
}

int import_file(struct import_result *ret_result, struct import_reader *reader,
                const struct import_site *site, struct slice name, enum page_rule rule,
                bool dry_run, const struct import_peer *peer)
{
    struct import im = {.site = site,
                        .peer = peer,
                        .result = ret_result,
                        .source.name = name,
                        .rule = rule,
                        .dry_run = dry_run};
    *ret_result = (struct import_result){0};
    int rv = import_piece_init(&im.piece);
    if (rv == 0)
        rv = import_lines(&im, reader);
    import_piece_release(&im.piece);
    ret_result->visitors = import_tally_count(&ret_result->tally);
    return rv;
}

void import_result_release(struct import_result *result)
{
    import_tally_release(&result->tally);
}
