/* `luotctl reader add`: a token for somebody who may read private documents, and the section
 * of luotd.conf that knows its hash. No luotd is asked and nothing is written: the
 * configuration is root's, and luotctl is anybody's. The section goes to the standard output
 * and the token to the other one, so that `>>luotd.conf` never keeps the token. */
#include <jansson.h>
#include <string.h>
#include <sysexits.h>

#include "base/config.h"
#include "base/readers.h"
#include "luotctl_run.h"
#include "luotctl_table.h"

enum { SECTION_BYTES = 4096, TOKEN_HASH_HEX = 2 * READER_HASH_BYTES };

bool reader_add_is_asked(const struct invocation *i)
{
    return strcmp(i->word[0], "list") != 0;
}

/* A value in quotes, whatever it holds. */
static void write_quoted(struct buffer *b, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buffer_byte(b, '\\');
        buffer_byte(b, *text);
    }
}

/* "sites = "a, b"\n" of all values that were given; nothing of none. */
static void write_list(struct buffer *b, const struct invocation *i, const char *option,
                       const char *setting)
{
    const char *first = invocation_option(i, option), *more;

    if (first == NULL)
        return;
    buffer_format(b, "%s = \"", setting);
    write_quoted(b, first);
    for (unsigned n = 0; (more = invocation_again(i, option, n)) != NULL; n++) {
        buffer_text(b, ", ");
        write_quoted(b, more);
    }
    buffer_text(b, "\"\n");
}

static void write_section(struct buffer *b, const struct invocation *i, const char *token)
{
    uint8_t hash[READER_HASH_BYTES];

    reader_token_hash(slice_of(token), hash);
    buffer_format(b, "[reader %s]\ntoken_hash = ", i->word[1]);
    buffer_hex(b, hash, sizeof hash);
    buffer_byte(b, '\n');
    if (invocation_option(i, "all") != NULL)
        buffer_text(b, "sites = *\n");
    else
        write_list(b, i, "site", "sites");
    write_list(b, i, "group", "groups");
}

/* As luotd would read it. EX_USAGE with its sentence. */
static int check_section(const struct luotctl *ctl, const struct buffer *section)
{
    struct config_error error;
    struct config *config;

    if (buffer_error(section) != 0)
        return luotctl_fail(ctl, EX_USAGE,
                            "that is too long for a section; name fewer sites, or a "
                            "group of them");
    if (config_parse(&config, buffer_written(section), "reader", &error) != 0)
        return luotctl_fail(ctl, EX_USAGE, error.text);
    config_free(config);
    return 0;
}

static void show_new(const struct luotctl *ctl, const char *name, const char *token,
                     const char *section)
{
    json_t *answer =
        json_pack("{s:s,s:s,s:s}", "name", name, "token", token, "section", section);

    if (answer != NULL)
        json_dumpf(answer, ctl->out, JSON_COMPACT);
    fputc('\n', ctl->out);
    json_decref(answer);
}

int luotctl_reader(const struct luotctl *ctl, const struct invocation *i)
{
    char token[READER_TOKEN_TEXT + 1], section[SECTION_BYTES + 1];
    struct buffer b;
    int rv;

    if (strcmp(i->word[0], "add") != 0 || i->words != 2)
        return luotctl_fail(ctl, EX_USAGE,
                            "that is `reader add NAME` with --site, --group or --all, or "
                            "`reader list`; see `luotctl help reader`");
    if (invocation_option(i, "site") == NULL && invocation_option(i, "group") == NULL &&
        invocation_option(i, "all") == NULL)
        return luotctl_fail(ctl, EX_USAGE,
                            "say what the token opens: --site KEY, --group G or --all");
    buffer_init(&b, section, SECTION_BYTES);
    reader_token_random(token);
    write_section(&b, i, token);
    rv = check_section(ctl, &b);
    if (rv != 0)
        return rv;
    section[b.length] = '\0';
    if (ctl->json) {
        show_new(ctl, i->word[1], token, section);
        return 0;
    }
    fputs(section, ctl->out);
    fflush(ctl->out);
    fprintf(ctl->err,
            "The token of %s, which is kept nowhere and not shown again:\n"
            "  %s\n"
            "Put the section above into luotd.conf, then: luotctl reload\n",
            i->word[1], token);
    return 0;
}
