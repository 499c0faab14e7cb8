/* `luotctl load`: a dump, or a document of `import`. A dump is read twice: first all of it
 * is checked, so that of a file that was cut or changed nothing is taken; then it is given
 * to luotd in pieces, each a whole small dump and one transaction, so that the saver never
 * waits long. Killed between two pieces: load it again, what is in changes nothing. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/error.h"
#include "luotctl_run.h"
#include "luotctl_socket.h"
#include "luotctl_table.h"
#include "store/dump.h"

enum { PIECE_BYTES = 1 << 20, LOAD_MAX = 64 << 20, REFUSED = 1, FIRST_MAX = 512 };

struct loading {
    const struct luotctl *ctl;
    const char *name; /* of the file, for people */
    char path[SOCKET_PATH_MAX];
    FILE *from;
    struct dump_reader *reader;
    char *line;              /* DUMP_LINE_MAX + 1                         */
    char first[FIRST_MAX];   /* the dump's first line                     */
    char site[FIRST_MAX];    /* the line of the site at hand, or ""       */
    char *piece;             /* PIECE_BYTES and room for one more line    */
    struct buffer out;       /* on it                                     */
    struct dump_tally tally; /* of the piece                             */
    json_t *keys;            /* of all sites in it: {"KEY": true}         */
    uint64_t rows;           /* that are in                               */
};

static int tell(const struct loading *l, int status, const char *why)
{
    char sentence[SOCKET_SENTENCE_MAX + 256];

    snprintf(sentence, sizeof sentence, "%.200s: %.500s", l->name, why);
    return luotctl_fail(l->ctl, status, sentence);
}

/* --- Lines --- */

/* The next line with its end in *ret_line; false: there is none that is whole. */
static bool next_line(struct loading *l, struct slice *ret_line)
{
    size_t n = 0;
    int c;

    while (n < DUMP_LINE_MAX && (c = getc(l->from)) != EOF) {
        l->line[n++] = (char)c;
        if (c == '\n')
            break;
    }
    *ret_line = (struct slice){l->line, n};
    return n > 0 && (l->line[n - 1] == '\n' || n == DUMP_LINE_MAX);
}

static int check(struct loading *l)
{
    struct slice line;
    char sentence[256];
    int rv = 0;

    dump_reader_init(l->reader);
    while (rv == 0 && next_line(l, &line)) {
        bool first = !l->reader->begun;
        rv = dump_reader_line(l->reader, line, sentence);
        if (rv == 0 && first)
            snprintf(l->first, sizeof l->first, "%.*s", (int)line.length, line.at);
        if (rv == 0 && l->reader->row.kind == DUMP_SITE)
            json_object_setn_new(l->keys, l->reader->row.value[0].text.at,
                                 l->reader->row.value[0].text.length, json_true());
    }
    if (rv == 0 && ferror(l->from))
        return tell(l, EX_IOERR, strerror(errno));
    if (rv == 0 && l->reader->ended && line.length > 0) /* half a line behind the last */
        rv = dump_reader_line(l->reader, line, sentence);
    if (rv == 0)
        rv = dump_reader_end(l->reader, sentence);
    return rv == 0 ? 0 : tell(l, EX_DATAERR, sentence);
}

/* --- Pieces --- */

static void begin_piece(struct loading *l)
{
    buffer_init(&l->out, l->piece, PIECE_BYTES + 2 * DUMP_LINE_MAX);
    dump_tally_init(&l->tally);
    buffer_text(&l->out, l->first);
    dump_tally_add(&l->tally, slice_of(l->first), 0, 0);
    if (l->site[0] != '\0') {
        buffer_text(&l->out, l->site);
        dump_tally_add(&l->tally, slice_of(l->site), 1, 1);
    }
}

static int send_piece(struct loading *l)
{
    char sentence[SOCKET_SENTENCE_MAX], what[SOCKET_SENTENCE_MAX + 128];
    struct reply reply;
    int rv;

    dump_write_last(&l->out, &l->tally, (struct dump_place){DUMP_NONE, 0}, 0);
    rv = socket_ask(&reply, l->path, SLICE("json load"), buffer_written(&l->out),
                    sentence);
    if (rv == 0 && !reply.refused) {
        reply_release(&reply);
        return 0;
    }
    if (rv == 0) {
        snprintf(sentence, sizeof sentence, "%.*s", (int)reply.sentence.length,
                 reply.sentence.at);
        reply_release(&reply);
        rv = REFUSED;
    }
    snprintf(
        what, sizeof what,
        "%.400s; %llu rows before that are in: load it again when that is put right, "
        "nothing counts twice",
        sentence, (unsigned long long)l->rows);
    return tell(l, rv, what);
}

static int take_line(struct loading *l, struct slice line)
{
    bool is_site = l->reader->row.kind == DUMP_SITE;
    int rv = 0;

    if (l->reader->row.kind == DUMP_NONE)
        return 0;
    if (is_site)
        snprintf(l->site, sizeof l->site, "%.*s", (int)line.length, line.at);
    if (l->out.length + line.length > PIECE_BYTES) {
        rv = send_piece(l);
        begin_piece(l);
        if (is_site)
            return rv; /* it has begun with it */
    }
    buffer_slice(&l->out, line);
    dump_tally_add(&l->tally, line, 1, is_site);
    l->rows++;
    return rv;
}

static int send_all(struct loading *l)
{
    struct slice line;
    char sentence[256];
    int rv = 0;

    rewind(l->from);
    dump_reader_init(l->reader);
    begin_piece(l);
    while (rv == 0 && next_line(l, &line)) {
        if (dump_reader_line(l->reader, line, sentence) != 0)
            return tell(l, EX_DATAERR, sentence); /* it was changed under our eyes */
        rv = take_line(l, line);
    }
    return rv == 0 ? send_piece(l) : rv;
}

/* --- The end --- */

/* Leaves the keys that no site here has. */
static int find_strangers(struct loading *l)
{
    char sentence[SOCKET_SENTENCE_MAX];
    struct reply reply;
    json_t *answer, *row;
    size_t i;
    int rv = socket_ask(&reply, l->path, SLICE("json sites"), (struct slice){NULL, 0},
                        sentence);

    if (rv != 0)
        return luotctl_fail(l->ctl, rv, sentence);
    answer = json_loadb(reply.bytes, reply.length, JSON_DISABLE_EOF_CHECK, NULL);
    json_array_foreach(json_object_get(answer, "sites"), i, row)
    {
        const char *key = json_string_value(json_object_get(row, "key"));
        if (key == NULL)
            key = json_string_value(json_object_get(row, "site"));
        if (key != NULL)
            json_object_del(l->keys, key);
    }
    json_decref(answer);
    reply_release(&reply);
    return 0;
}

static int report(struct loading *l)
{
    size_t sites = json_object_size(l->keys);
    int rv = find_strangers(l);

    if (rv != 0)
        return rv;
    if (l->ctl->json) {
        fprintf(l->ctl->out, "{\"rows\":%llu,\"sites\":%zu,\"not_configured\":%zu}\n",
                (unsigned long long)l->rows, sites, json_object_size(l->keys));
        return 0;
    }
    fprintf(l->ctl->out, "%llu rows of %zu sites are in\n", (unsigned long long)l->rows,
            sites);
    for (void *at = json_object_iter(l->keys); at != NULL;
         at = json_object_iter_next(l->keys, at)) {
        const char *key = json_object_iter_key(at);
        fprintf(
            l->ctl->out,
            "%s is kept but not shown: no site is configured so; write [site %s] into "
            "the configuration and reload\n",
            key, key);
    }
    return 0;
}

static int load_dump(struct loading *l)
{
    char sentence[SOCKET_SENTENCE_MAX];
    int rv = check(l);

    if (rv != 0)
        return rv;
    rv = socket_find(l->path, l->ctl->socket, sentence);
    if (rv != 0)
        return luotctl_fail(l->ctl, rv, sentence);
    rv = send_all(l);
    return rv == 0 ? report(l) : rv;
}

/* --- A document of `import`, as it is --- */

static int load_document(struct loading *l)
{
    char *bytes = malloc(LOAD_MAX + 1), sentence[SOCKET_SENTENCE_MAX];
    struct reply reply;
    size_t length;
    int rv;

    if (bytes == NULL)
        return luotctl_fail(l->ctl, EX_OSERR, "there is not enough memory");
    length = fread(bytes, 1, LOAD_MAX + 1, l->from);
    rv = ferror(l->from) || length > LOAD_MAX
             ? luotctl_fail(l->ctl, EX_NOINPUT,
                            "the document cannot be read, or is over 64 MiB")
             : 0;
    if (rv == 0 && (rv = socket_find(l->path, l->ctl->socket, sentence)) != 0)
        rv = luotctl_fail(l->ctl, rv, sentence);
    if (rv == 0 && (rv = socket_ask(&reply, l->path,
                                    l->ctl->json ? SLICE("json load") : SLICE("load"),
                                    (struct slice){bytes, length}, sentence)) != 0)
        rv = luotctl_fail(l->ctl, rv, sentence);
    else if (rv == 0) {
        rv = luotctl_show_reply(l->ctl, &reply, false);
        reply_release(&reply);
    }
    free(bytes);
    return rv;
}

/* --- The command --- */

/* What can be read twice: standard input is copied first. */
static FILE *open_input(const char *name)
{
    char bytes[16384];
    FILE *copy;
    size_t n;

    if (name != NULL)
        return fopen(name, "re");
    copy = tmpfile();
    while (copy != NULL && (n = fread(bytes, 1, sizeof bytes, stdin)) > 0)
        if (fwrite(bytes, 1, n, copy) != n) {
            fclose(copy);
            return NULL;
        }
    if (copy != NULL)
        rewind(copy);
    return copy;
}

int luotctl_load(const struct luotctl *ctl, const struct invocation *i)
{
    bool standard = i->words == 0 || strcmp(i->word[0], "-") == 0;
    struct loading l = {.ctl = ctl,
                        .name = standard ? "standard input" : i->word[0],
                        .from = open_input(standard ? NULL : i->word[0]),
                        .reader = malloc(sizeof(struct dump_reader)),
                        .line = malloc(DUMP_LINE_MAX + 1),
                        .piece = malloc(PIECE_BYTES + 2 * DUMP_LINE_MAX),
                        .keys = json_object()};
    char begin[9] = "";
    int rv;

    if (l.from == NULL)
        rv = luotctl_fail(ctl, EX_NOINPUT, "the document cannot be opened");
    else if (l.reader == NULL || l.line == NULL || l.piece == NULL || l.keys == NULL)
        rv = luotctl_fail(ctl, EX_OSERR, "there is not enough memory");
    else {
        bool dump = fread(begin, 1, 9, l.from) == 9 && memcmp(begin, "luot-dump", 9) == 0;
        rewind(l.from);
        rv = dump ? load_dump(&l) : load_document(&l);
    }
    if (l.from != NULL)
        fclose(l.from);
    free(l.reader);
    free(l.line);
    free(l.piece);
    json_decref(l.keys);
    return rv;
}
