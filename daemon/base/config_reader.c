/* `[reader NAME]`: who may read private documents. */
#include <stdlib.h>

#include "base/config_read.h"
#include "base/error.h"

static bool reader_name_is_valid(struct slice name)
{
    if (name.length == 0 || name.length > READER_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.length; i++) {
        char c = name.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_'))
            return false;
    }
    return true;
}

/* ERR_FULL, ERR_NOMEM. */
static int add_reader(struct parsed *p, struct slice name, struct place place)
{
    struct parsed_reader *reader;
    if (p->reader_count == READERS_MAX)
        return ERR_FULL;
    if (p->reader_count == p->reader_room) {
        size_t room = p->reader_room == 0 ? 16 : p->reader_room * 2;
        struct parsed_reader *readers = realloc(p->readers, room * sizeof(*readers));
        if (readers == NULL)
            return ERR_NOMEM;
        p->readers = readers;
        p->reader_room = room;
    }
    reader = &p->readers[p->reader_count++];
    memset(reader, 0, sizeof(*reader));
    settings_default(READER_SETTINGS, &reader->config);
    memcpy(reader->config.name, name.at, name.length);
    reader->place = place;
    return 0;
}

void reading_reader(struct reading *r, struct slice name)
{
    int rv;
    r->section = SECTION_NONE;
    if (!reader_name_is_valid(name)) {
        reading_fail(r, "a reader's name is 1 to 31 letters, digits, `.`, `-` and `_`");
        return;
    }
    rv = add_reader(r->parsed, name, r->place);
    if (rv == ERR_FULL)
        reading_fail(r, "there are more than 256 readers; give several people one token");
    else if (rv != 0)
        r->error = config_say(r->ret_error, rv, "%s", error_text(rv));
    else
        r->section = SECTION_READER;
}

/* --- The whole --- */

static int say(const struct parsed_reader *reader, struct config_error *ret_error,
               const char *what)
{
    return config_say(ret_error, ERR_MALFORMED, "%.300s:%u: the reader `%s` %s",
                      reader->place.file, reader->place.line, reader->config.name, what);
}

static int check_one(const struct parsed_reader *reader, struct config_error *ret_error)
{
    if (reader->config.token_hash[0] == '\0')
        return say(reader, ret_error,
                   "has no token_hash; `luotctl reader add NAME` makes one");
    if (reader->config.sites[0] == '\0' && reader->config.groups[0] == '\0')
        return say(reader, ret_error,
                   "may read nothing; set `sites` or `groups`, or remove it");
    return 0;
}

int parsed_check_readers(const struct parsed *p, struct config_error *ret_error)
{
    for (size_t i = 0; i < p->reader_count; i++) {
        const struct parsed_reader *reader = &p->readers[i];
        int rv = check_one(reader, ret_error);
        for (size_t k = 0; k < i && rv == 0; k++)
            if (strcmp(p->readers[k].config.name, reader->config.name) == 0)
                rv = say(reader, ret_error,
                         "is there twice; give one another name or remove it");
            else if (strcmp(p->readers[k].config.token_hash, reader->config.token_hash) ==
                     0)
                rv = say(reader, ret_error,
                         "has the token of another one; give each its own");
        if (rv != 0)
            return rv;
    }
    return 0;
}

/* --- What of it is text --- */

int token_hash_parse(const struct setting *s, void *member, struct slice value)
{
    char *text = member;
    if (value.length != 0 && value.length != s->size - 1)
        return ERR_RANGE;
    for (size_t i = 0; i < value.length; i++)
        if (!((value.at[i] >= '0' && value.at[i] <= '9') ||
              (value.at[i] >= 'a' && value.at[i] <= 'f') ||
              (value.at[i] >= 'A' && value.at[i] <= 'F')))
            return ERR_MALFORMED;
    memset(text, 0, s->size);
    for (size_t i = 0; i < value.length; i++)
        text[i] = (char)(value.at[i] | 0x20); /* lower case; digits have that bit */
    return 0;
}

void token_hash_describe(struct buffer *b, const struct setting *s)
{
    buffer_format(b, "%llu hexadecimal digits", (unsigned long long)s->high);
}

bool site_keys_are_valid(struct slice keys)
{
    if (keys.length == 0 || slice_equal(keys, SLICE("*")))
        return true;
    while (keys.at != NULL)
        if (!site_key_is_valid(slice_trim(slice_cut(&keys, ','))))
            return false;
    return true;
}
