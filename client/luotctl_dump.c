/* `luotctl dump`: asks for a dump piece by piece and puts it together, so that neither
 * luotd nor we ever hold all of it.
 *
 * Happy path: wait until what was counted is saved -> the first piece (what belongs to no
 * site, and the sites' names) -> the pieces of each site, each checked -> the last line.
 * A file is written beside its name and gets it when it is whole. It fails when luotd or
 * the disk does, or when somebody changes a site while its pieces are asked for. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "luotctl_run.h"
#include "luotctl_socket.h"
#include "store/dump.h"

enum { REFUSED = 1, SAVES = 2, SAVES_WAIT_MS = 10000, SAVES_STEP_MS = 100 };

struct dumping {
    const struct luotctl *ctl;
    char path[SOCKET_PATH_MAX];
    FILE *to;
    struct dump_tally tally;
    struct dump_reader *reader; /* of the piece at hand                         */
    bool every;                 /* --all                                       */
    char *keys;                 /* of the sites to dump, each with its NUL      */
    size_t length, room;
    int64_t state; /* of the site at hand, and 1; 0: its first piece */
};

static int ask(struct dumping *d, const char *command, struct reply *ret_reply)
{
    char sentence[SOCKET_SENTENCE_MAX];
    int rv = socket_ask(ret_reply, d->path, slice_of(command), (struct slice){NULL, 0},
                        sentence);

    if (rv == 0 && ret_reply->refused) {
        snprintf(sentence, sizeof sentence, "%.*s", (int)ret_reply->sentence.length,
                 ret_reply->sentence.at);
        reply_release(ret_reply);
        rv = REFUSED;
    }
    return rv == 0 ? 0 : luotctl_fail(d->ctl, rv, sentence);
}

/* --- What was counted before we came is in the dump --- */

static int ask_saves(struct dumping *d, json_int_t *ret_saves)
{
    struct reply reply;
    int rv = ask(d, "json stats", &reply);
    json_t *stats;

    if (rv != 0)
        return rv;
    stats = json_loadb(reply.bytes, reply.length, JSON_DISABLE_EOF_CHECK, NULL);
    *ret_saves =
        json_integer_value(json_object_get(json_object_get(stats, "store"), "saves"));
    json_decref(stats);
    reply_release(&reply);
    return 0;
}

static int wait_until_saved(struct dumping *d)
{
    const struct timespec step = {.tv_nsec = SAVES_STEP_MS * 1000000L};
    json_int_t first = 0, now = 0;
    int rv = ask_saves(d, &first);

    /* The save that is under way may have looked at a site before we came. */
    for (int waited = 0; rv == 0 && now < first + SAVES; waited += SAVES_STEP_MS) {
        if (waited >= SAVES_WAIT_MS) {
            fputs("luotctl: nothing is saved at the moment (see `luotctl stats`): the "
                  "dump is of the last save\n",
                  d->ctl->err);
            return 0;
        }
        nanosleep(&step, NULL);
        rv = ask_saves(d, &now);
    }
    return rv;
}

/* --- Pieces --- */

static int keep_key(struct dumping *d, struct slice key)
{
    if (d->length + key.length + 1 > d->room) {
        size_t room = 2 * d->room + key.length + 4096;
        char *grown = realloc(d->keys, room);
        if (grown == NULL)
            return luotctl_fail(d->ctl, EX_OSERR, "there is not enough memory");
        d->keys = grown;
        d->room = room;
    }
    memcpy(d->keys + d->length, key.at, key.length);
    d->length += key.length;
    d->keys[d->length++] = '\0';
    return 0;
}

static int write_line(struct dumping *d, struct slice line)
{
    bool row = d->reader->row.kind != DUMP_NONE;

    dump_tally_add(&d->tally, line, row, d->reader->row.kind == DUMP_SITE);
    if (fwrite(line.at, 1, line.length, d->to) == line.length)
        return 0;
    return luotctl_fail(d->ctl, EX_IOERR, strerror(errno));
}

/* A line of the first piece: rows of no site are written, names are kept. */
static int take_common(struct dumping *d, struct slice line)
{
    enum dump_kind kind = d->reader->row.kind;

    if (kind == DUMP_SITE)
        return d->every ? keep_key(d, d->reader->row.value[0].text) : 0;
    if (d->reader->ended)
        return 0;
    return write_line(d, line);
}

/* A line of a site's piece; the site's own line is in each of them. */
static int take_site(struct dumping *d, struct slice line)
{
    enum dump_kind kind = d->reader->row.kind;

    if (kind == DUMP_NONE || (kind == DUMP_SITE && d->state != 0))
        return 0;
    return write_line(d, line);
}

static int take_piece(struct dumping *d, struct slice text, bool common)
{
    char sentence[256];
    int rv = 0;

    dump_reader_init(d->reader);
    while (rv == 0 && slice_find(text, '\n') < text.length) {
        struct slice line = {text.at, slice_find(text, '\n') + 1};
        if (dump_reader_line(d->reader, line, sentence) != 0)
            return luotctl_fail(d->ctl, EX_PROTOCOL, sentence);
        rv = common ? take_common(d, line) : take_site(d, line);
        text.at += line.length;
        text.length -= line.length;
    }
    if (rv == 0 && dump_reader_end(d->reader, sentence) != 0)
        rv = luotctl_fail(d->ctl, EX_PROTOCOL, sentence);
    return rv;
}

static int dump_common(struct dumping *d)
{
    struct reply reply;
    int rv = ask(d, "dump", &reply);

    if (rv != 0)
        return rv;
    rv = take_piece(d, (struct slice){reply.bytes, reply.length}, true);
    reply_release(&reply);
    return rv;
}

static int dump_site(struct dumping *d, const char *key)
{
    char command[256];
    struct dump_place from = {DUMP_NONE, 0};
    struct buffer b;
    int rv = 0;

    d->state = 0;
    do {
        struct reply reply;
        buffer_init(&b, command, sizeof command - 1);
        buffer_format(&b, "dump %s", key);
        if (from.kind != DUMP_NONE) {
            buffer_text(&b, " from=");
            dump_place_write(&b, from);
        }
        command[b.length] = '\0';
        rv = ask(d, command, &reply);
        if (rv != 0)
            return rv;
        rv = take_piece(d, (struct slice){reply.bytes, reply.length}, false);
        reply_release(&reply);
        if (rv == 0 && d->state != 0 && d->state != d->reader->state + 1)
            rv =
                luotctl_fail(d->ctl, EX_TEMPFAIL,
                             "somebody imported into a site, or changed it, while it was "
                             "dumped; dump again");
        d->state = d->reader->state + 1;
        from = d->reader->next;
    } while (rv == 0 && from.kind != DUMP_NONE);
    return rv;
}

static int write_last(struct dumping *d)
{
    char line[512];
    struct buffer b;

    buffer_init(&b, line, sizeof line);
    dump_write_last(&b, &d->tally, (struct dump_place){DUMP_NONE, 0}, 0);
    if (fwrite(line, 1, b.length, d->to) != b.length || fflush(d->to) != 0 ||
        (d->to != d->ctl->out && fsync(fileno(d->to)) != 0))
        return luotctl_fail(d->ctl, EX_IOERR, strerror(errno));
    return 0;
}

static int dump_all(struct dumping *d)
{
    int rv = wait_until_saved(d);

    if (rv == 0)
        rv = dump_common(d);
    for (size_t at = 0; at < d->length && rv == 0; at += strlen(d->keys + at) + 1)
        rv = dump_site(d, d->keys + at);
    return rv == 0 ? write_last(d) : rv;
}

/* --- The command --- */

/* The new name too outlives a power cut. Not every file system can do it. */
static void sync_name(const char *name)
{
    char *copy = strdup(name);
    int fd = copy == NULL ? -1 : open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    free(copy);
}

/* Into FILE.part, which becomes FILE when it is whole. */
static int dump_to_file(struct dumping *d, const char *name)
{
    size_t size = strlen(name) + sizeof ".part";
    char *part = malloc(size);
    int rv;

    if (part == NULL)
        return luotctl_fail(d->ctl, EX_OSERR, "there is not enough memory");
    snprintf(part, size, "%s.part", name);
    d->to = fopen(part, "we");
    rv =
        d->to == NULL ? luotctl_fail(d->ctl, EX_CANTCREAT, strerror(errno)) : dump_all(d);
    if (d->to != NULL && fclose(d->to) != 0 && rv == 0)
        rv = luotctl_fail(d->ctl, EX_IOERR, strerror(errno));
    if (rv == 0 && rename(part, name) != 0)
        rv = luotctl_fail(d->ctl, EX_CANTCREAT, strerror(errno));
    if (rv == 0)
        sync_name(name);
    if (rv != 0 && d->to != NULL)
        unlink(part);
    free(part);
    return rv;
}

static int start(struct dumping *d, const struct invocation *i, const char **ret_file)
{
    char sentence[SOCKET_SENTENCE_MAX];
    unsigned file = d->every ? 0 : 1;
    int rv;

    if (!d->every && i->words == 0)
        return luotctl_fail(d->ctl, EX_USAGE,
                            "it needs the KEY of a site, or --all; see `luotctl help "
                            "dump`");
    if (i->words > file + 1)
        return luotctl_fail(d->ctl, EX_USAGE,
                            "it takes one FILE; see `luotctl help dump`");
    if (!d->every && (strlen(i->word[0]) > 63 || i->word[0][0] == '\0' ||
                      strpbrk(i->word[0], " \t\r\n\"\\") != NULL))
        return luotctl_fail(d->ctl, EX_USAGE,
                            "KEY is the key of a site; see `luotctl sites`");
    *ret_file = i->words > file && strcmp(i->word[file], "-") != 0 ? i->word[file] : NULL;
    rv = socket_find(d->path, d->ctl->socket, sentence);
    if (rv != 0)
        return luotctl_fail(d->ctl, rv, sentence);
    d->reader = malloc(sizeof *d->reader);
    if (d->reader == NULL)
        return luotctl_fail(d->ctl, EX_OSERR, "there is not enough memory");
    return d->every ? 0 : keep_key(d, slice_of(i->word[0]));
}

int luotctl_dump(const struct luotctl *ctl, const struct invocation *i)
{
    struct dumping d = {
        .ctl = ctl, .to = ctl->out, .every = invocation_option(i, "all") != NULL};
    const char *file = NULL;
    int rv = start(&d, i, &file);

    dump_tally_init(&d.tally);
    if (rv == 0)
        rv = file != NULL ? dump_to_file(&d, file) : dump_all(&d);
    free(d.reader);
    free(d.keys);
    return rv;
}
