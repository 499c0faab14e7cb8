/* `luotctl import`: import.c joined to a socket and to whoever reads the result. */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/error.h"
#include "base/zone.h"
#include "import.h"
#include "luotctl_imported.h"
#include "luotctl_run.h"
#include "luotctl_socket.h"
#include "luotctl_table.h"

enum { MALFORMED_SHOWN = 10, MALFORMED_BYTES = 100, BAR = 30, REFUSED = 1 };

struct session {
    const struct luotctl *ctl;
    char path[SOCKET_PATH_MAX];
    struct import_site site;
    struct zone *zone;
    enum page_rule rule;
    bool dry_run, bar;
    const char *file; /* as it was typed                              */
    unsigned shown;   /* malformed lines of this file                 */
    int status;       /* of the last exchange that failed; it is told */
};

/* --- luotd --- */

static void clear_bar(const struct session *s)
{
    if (s->bar)
        fputs("\r\033[K", s->ctl->err);
}

/* The answer in *ret_reply; or false, told, and s->status set. An error of the name
 * `expected` (or NULL) is not told: *ret_expected. */
static bool exchange(struct session *s, const char *command, struct slice document,
                     const char *expected, bool *ret_expected, struct reply *ret_reply)
{
    char sentence[SOCKET_SENTENCE_MAX];
    struct reply reply;
    int rv = socket_ask(&reply, s->path, slice_of(command), document, sentence);
    *ret_expected = false;
    if (rv == 0 && !reply.refused) {
        *ret_reply = reply;
        return true;
    }
    s->status = rv == 0 ? REFUSED : rv;
    if (rv == 0) {
        *ret_expected = expected != NULL && slice_equal(reply.name, slice_of(expected));
        snprintf(sentence, sizeof sentence, "%.*s", (int)reply.sentence.length,
                 reply.sentence.at);
        reply_release(&reply);
    }
    if (!*ret_expected) {
        clear_bar(s);
        luotctl_fail(s->ctl, s->status, sentence);
    }
    return false;
}

/* An answer as JSON; NULL, told, when there is none. */
static json_t *ask_json(struct session *s, const char *command)
{
    struct reply reply;
    bool expected;
    if (!exchange(s, command, (struct slice){NULL, 0}, NULL, &expected, &reply))
        return NULL;
    json_t *answer = json_loadb(reply.bytes, reply.length, JSON_DISABLE_EOF_CHECK, NULL);
    reply_release(&reply);
    if (answer == NULL)
        s->status = luotctl_fail(
            s->ctl, EX_PROTOCOL,
            "luotd's answer is no JSON: luotctl and luotd must be of one version");
    return answer;
}

/* 32 hex digits. */
static bool read_key(struct hash_key *ret_key, const char *hex)
{
    if (hex == NULL || strlen(hex) != 32)
        return false;
    for (size_t i = 0; i < 32; i++) {
        if (!isxdigit((unsigned char)hex[i]))
            return false;
        int low = tolower((unsigned char)hex[i]);
        uint8_t digit = (uint8_t)(low <= '9' ? low - '0' : low - 'a' + 10);
        ret_key->bytes[i / 2] = (uint8_t)(ret_key->bytes[i / 2] << 4 | digit);
    }
    return true;
}

/* What its page views are counted by; without it they would be days and hours only. */
static bool read_scene(struct session *s, json_t *answer)
{
    const char *settings = json_string_value(json_object_get(answer, "settings"));
    const char *host = json_string_value(json_object_get(answer, "own_host"));
    char sentence[512];

    if (import_scene_new(&s->site.scene, slice_of(settings == NULL ? "" : settings),
                         slice_of(host == NULL ? "" : host), sentence) == 0)
        return true;
    s->status = luotctl_fail(s->ctl, EX_UNAVAILABLE, sentence);
    return false;
}

static bool read_site(struct session *s, json_t *answer)
{
    const char *zone = json_string_value(json_object_get(answer, "timezone"));
    const char *not_pages = json_string_value(json_object_get(answer, "not_pages"));
    json_int_t live = json_integer_value(json_object_get(answer, "first_live_s"));
    json_int_t idle = json_integer_value(json_object_get(answer, "session_idle_s"));
    /* The key that it is kept under, whatever name was typed. */
    if (json_string_value(json_object_get(answer, "site")) != NULL)
        snprintf(s->site.key, sizeof s->site.key, "%s",
                 json_string_value(json_object_get(answer, "site")));
    s->site.key_id = (uint64_t)json_integer_value(json_object_get(answer, "key_id"));
    s->site.first_live_s = live > 0 ? live : INT64_MAX;
    s->site.idle_slots = idle / 12;
    snprintf(s->site.not_pages, sizeof s->site.not_pages, "%s",
             not_pages == NULL ? "" : not_pages);
    if (zone == NULL || idle <= 0 ||
        !read_key(&s->site.hash, json_string_value(json_object_get(answer, "key")))) {
        s->status = luotctl_fail(
            s->ctl, EX_PROTOCOL,
            "luotd did not say how to import: luotctl and luotd must be of one version");
        return false;
    }
    if (zone_load(&s->zone, slice_of(zone)) != 0) {
        s->status = luotctl_fail(s->ctl, EX_UNAVAILABLE,
                                 "the time zone of the site is not known here: install "
                                 "tzdata");
        return false;
    }
    s->site.calendar.zone = s->zone;
    return read_scene(s, answer);
}

static bool ask_site(struct session *s, const char *key)
{
    char command[160];
    snprintf(command, sizeof command, "json import-key %s", key);
    snprintf(s->site.key, sizeof s->site.key, "%s", key);
    json_t *answer = ask_json(s, command);
    if (answer == NULL)
        return false;
    bool ok = read_site(s, answer);
    json_decref(answer);
    return ok;
}

/* --- import.c's peer --- */

static int peer_source(void *context, uint64_t first_line, struct import_known *ret_known)
{
    struct session *s = context;
    char command[160];
    snprintf(command, sizeof command, "json source %s %016llx", s->site.key,
             (unsigned long long)first_line);
    json_t *answer = ask_json(s, command);
    if (answer == NULL)
        return ERR_IO;
    const char *name = json_string_value(json_object_get(answer, "name"));
    ret_known->bytes = (uint64_t)json_integer_value(json_object_get(answer, "bytes"));
    snprintf(ret_known->name, sizeof ret_known->name, "%s", name == NULL ? "" : name);
    json_decref(answer);
    return 0;
}

static int peer_load(void *context, struct slice document)
{
    struct session *s = context;
    struct reply reply;
    bool exists;
    if (!exchange(s, "json load", document, "exists", &exists, &reply))
        return exists ? ERR_EXISTS : ERR_IO;
    reply_release(&reply);
    return 0;
}

static void peer_malformed(void *context, const struct import_line *line,
                           const char *reason)
{
    struct session *s = context;
    struct slice text = line->bytes;
    if (s->shown == MALFORMED_SHOWN)
        return;
    s->shown++;
    clear_bar(s);
    text_print(s->ctl->err, slice_of(s->file));
    fprintf(s->ctl->err, ": line %llu: %s", (unsigned long long)line->number, reason);
    if (text.length > MALFORMED_BYTES)
        text.length = MALFORMED_BYTES;
    text = slice_trim(text);
    if (text.length > 0) {
        fputs(": ", s->ctl->err);
        text_print(s->ctl->err, text);
    }
    fputs(line->bytes.length > MALFORMED_BYTES ? "...\n" : "\n", s->ctl->err);
}

static void peer_progress(void *context, const struct import_reader *r, uint64_t lines)
{
    struct session *s = context;
    char number[32];
    double done = import_reader_progress(r);
    if (!s->bar)
        return;
    number_write((int64_t)lines, number);
    clear_bar(s);
    if (done >= 0) {
        fputc('[', s->ctl->err);
        for (int i = 0; i < BAR; i++)
            fputc(i < (int)(done * BAR) ? '#' : '.', s->ctl->err);
        fprintf(s->ctl->err, "] %3d %%  ", (int)(done * 100));
    }
    fprintf(s->ctl->err, "%s lines", number);
    fflush(s->ctl->err);
}

/* --- The command --- */

static int tell_unreadable(const struct session *s, int status, const char *why)
{
    char sentence[512];
    snprintf(sentence, sizeof sentence, "%.300s: %s", s->file, why);
    return luotctl_fail(s->ctl, status, sentence);
}

static int finish_file(struct session *s, int rv, const struct import_reader *reader,
                       const struct import_result *result, const char *name)
{
    clear_bar(s);
    imported_note(s->ctl, s->file, name, result, MALFORMED_SHOWN);
    if (rv != 0 && import_reader_error(reader) != NULL)
        return tell_unreadable(s, EX_DATAERR, import_reader_error(reader));
    if (rv == ERR_EXISTS)
        return tell_unreadable(s, EX_TEMPFAIL,
                               "another import of it runs; try again when it is done");
    if (rv == ERR_NOMEM)
        return luotctl_fail(s->ctl, EX_OSERR, "there is not enough memory");
    if (rv != 0)
        return s->status; /* told already */
    rv = imported_print(s->ctl, s->file, s->dry_run, result);
    return rv == 0 ? 0 : luotctl_fail(s->ctl, EX_IOERR, "the result was not written");
}

static int import_one(struct session *s, const char *file)
{
    const struct import_peer peer = {s, peer_source, peer_load, peer_malformed,
                                     peer_progress};
    const char *slash = strrchr(file, '/');
    const char *name = slash == NULL ? file : slash + 1;
    struct import_reader *reader;
    struct import_result result;
    int error = 0;
    s->file = file;
    s->shown = 0;
    s->status = 0;
    if (import_reader_open(&reader, file, &error) != 0)
        return tell_unreadable(s, EX_NOINPUT, strerror(error));
    int rv = import_file(&result, reader, &s->site, slice_of(name), s->rule, s->dry_run,
                         &peer);
    rv = finish_file(s, rv, reader, &result, name);
    import_result_release(&result);
    import_reader_close(reader);
    return rv;
}

/* A file that cannot be read does not keep the next one from being imported; luotd that
 * does not answer does. The first trouble is the exit status. */
static int import_all(struct session *s, const struct invocation *i)
{
    int first = 0;
    for (unsigned n = 0; n < i->rest_count; n++) {
        int rv = import_one(s, i->rest[n]);
        if (first == 0)
            first = rv;
        if (rv != 0 && rv != EX_NOINPUT && rv != EX_DATAERR)
            break;
    }
    return first;
}

static int read_rule(struct session *s, const char *word)
{
    s->rule = PAGE_RULE_PAGE;
    if (word == NULL || strcmp(word, "page") == 0)
        return 0;
    s->rule = PAGE_RULE_PV1;
    if (strcmp(word, "pv1") == 0)
        return 0;
    return luotctl_fail(s->ctl, EX_USAGE, "--rule is page or pv1");
}

int luotctl_import(const struct luotctl *ctl, const struct invocation *i)
{
    char sentence[SOCKET_SENTENCE_MAX];
    struct session s = {.ctl = ctl,
                        .dry_run = invocation_option(i, "dry-run") != NULL,
                        .bar = stream_has_colours(ctl->err)};
    const char *key = invocation_option(i, "site");
    int rv = read_rule(&s, invocation_option(i, "rule"));
    if (rv != 0)
        return rv;
    if (strlen(key) > 63 || strpbrk(key, " \t\r\n\"\\") != NULL || *key == '\0')
        return luotctl_fail(ctl, EX_USAGE,
                            "--site is the key of a site; see `luotctl "
                            "sites`");
    rv = socket_find(s.path, ctl->socket, sentence);
    if (rv != 0)
        return luotctl_fail(ctl, rv, sentence);
    rv = ask_site(&s, key) ? import_all(&s, i) : s.status;
    import_scene_free(s.site.scene);
    zone_free(s.zone);
    return rv;
}
