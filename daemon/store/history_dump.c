/* Dumps between a store and a document. A piece is written until the next row would not
 * fit; the place of that row is where the next one begins, so rows of one number may be in
 * both, which changes nothing. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "store/history.h"

enum { LAST_LINE_MAX = 512, TRIES = 4 };

/* --- Out --- */

struct dumping {
    struct buffer *out;
    struct dump_tally tally;
    struct dump_place next;
};

static int put_row(void *context, const struct dump_row *row)
{
    struct dumping *d = context;

    if (d->out->limit - d->out->length < DUMP_LINE_MAX + LAST_LINE_MAX) {
        d->next = (struct dump_place){row->kind, row->value[0].number};
        return ERR_FULL;
    }
    dump_write_row(d->out, &d->tally, row);
    return 0;
}

int history_dump(struct store *store, struct slice key, struct dump_place from,
                 const char *version, const char *node, struct instant now,
                 struct buffer *out)
{
    const size_t begin = out->length;
    struct dumping d = {.out = out};
    int64_t state = 0;
    int rv = ERR_PARTIAL;

    if (store->ops->dump == NULL)
        return ERR_VERSION;
    /* ERR_PARTIAL: somebody changed the site while a store that has no one moment was
     * read. */
    for (int i = 0; i < TRIES && rv == ERR_PARTIAL; i++) {
        out->length = begin;
        d.next.kind = DUMP_NONE;
        dump_tally_init(&d.tally);
        dump_write_first(out, &d.tally, version, node, instant_seconds(now));
        rv = store->ops->dump(store, key, from, DUMP_KINDS, put_row, &d, &state);
    }
    if (rv != 0 && (rv != ERR_FULL || d.next.kind == DUMP_NONE))
        return rv;
    dump_write_last(out, &d.tally, d.next, state);
    return buffer_error(out);
}

/* --- In --- */

struct undumping {
    struct registry *registry;
    struct dump_reader *reader;
    struct slice rest;
    struct dump_result *result;
};

static void note_stranger(struct undumping *u, struct slice key)
{
    struct dump_result *r = u->result;
    size_t n = strlen(r->strange);

    if (u->registry == NULL || registry_by_key(u->registry, key) != NULL)
        return;
    if (n + key.length + 3 < sizeof r->strange)
        snprintf(r->strange + n, sizeof r->strange - n, "%s%.*s", n > 0 ? ", " : "",
                 (int)key.length, key.at);
    r->strangers++;
}

static int next_row(void *context, const struct dump_row **ret_row)
{
    struct undumping *u = context;
    struct dump_reader *r = u->reader;

    do {
        size_t length = slice_find(u->rest, '\n');
        int rv;

        if (length == u->rest.length) { /* no more whole lines */
            rv = u->rest.length > 0 && r->ended
                     ? dump_reader_line(r, u->rest, u->result->sentence)
                     : dump_reader_end(r, u->result->sentence);
            return rv != 0 ? rv : ERR_NOT_FOUND;
        }
        rv = dump_reader_line(r, (struct slice){u->rest.at, length + 1},
                              u->result->sentence);
        if (rv != 0)
            return rv;
        u->rest.at += length + 1;
        u->rest.length -= length + 1;
    } while (r->row.kind == DUMP_NONE);
    if (r->row.kind == DUMP_SITE)
        note_stranger(u, r->row.value[0].text);
    *ret_row = &r->row;
    return 0;
}

/* What the first line says, for the audit trail. */
static void describe(struct slice document, char note[512])
{
    struct slice first = {document.at, slice_find(document, '\n')};

    snprintf(note, 512, "load %.*s", (int)(first.length < 400 ? first.length : 400),
             first.at);
}

/* The numbers of the sites that it has. */
static void show(struct registry *registry, struct store *store, struct slice document,
                 struct instant now)
{
    static const char word[] = "site ";

    while (document.length > 0) {
        struct slice line = slice_cut(&document, '\n');
        struct site *site;
        int rv;

        if (!slice_starts(line, SLICE("site ")))
            continue;
        line.at += sizeof word - 1;
        line.length -= sizeof word - 1;
        site = registry_by_key(registry, slice_cut(&line, ' '));
        rv = site == NULL ? 0 : history_load(site, store, now);
        if (rv != 0)
            log_warn("event=history_failed site=%s error=\"%s\" "
                     "next=what_was_loaded_shows_after_a_restart",
                     site->block->key, error_text(rv));
    }
}

bool history_is_dump(struct slice document)
{
    return slice_starts(document, SLICE("luot-dump"));
}

/* Is it whole? A store that takes row by row must not have half of one that is not. */
static int check(struct slice document, struct dump_reader *reader,
                 struct dump_result *result)
{
    struct undumping u = {NULL, reader, document, result};
    const struct dump_row *row;
    int rv = 0;

    dump_reader_init(reader);
    while (rv == 0)
        rv = next_row(&u, &row);
    return rv == ERR_NOT_FOUND ? 0 : rv;
}

int history_load_dump(struct registry *registry, struct store *store,
                      struct slice document, uint32_t uid, struct instant now,
                      struct dump_result *ret_result)
{
    struct undumping u = {registry, malloc(sizeof *u.reader), document, ret_result};
    char note[512];
    int rv;

    *ret_result = (struct dump_result){.rows = 0};
    if (store->ops->load == NULL || u.reader == NULL) {
        free(u.reader);
        return store->ops->load == NULL ? ERR_VERSION : ERR_NOMEM;
    }
    rv = check(document, u.reader, ret_result);
    dump_reader_init(u.reader);
    describe(document, note);
    if (rv == 0)
        rv = store->ops->load(store, next_row, &u, uid, instant_seconds(now), note);
    ret_result->rows = u.reader->tally.rows;
    ret_result->sites = u.reader->tally.sites;
    free(u.reader);
    if (rv == 0)
        show(registry, store, document, now);
    return rv;
}
