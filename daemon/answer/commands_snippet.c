/* snippet: what an editor pastes into a portal's pages. */
#include "answer/command.h"
#include "report/snippet.h"

enum { URL_MEMORY = SNIPPET_URL_MAX + 2 };

/* With a slash at its end. Without --url the operator sees at once what is missing. */
static bool read_url(const struct asked_command *c, char memory[URL_MEMORY],
                     struct slice *ret_url)
{
    struct slice url = SLICE("https://HOST");
    struct buffer b;

    (void)arguments_option(c->words, "url", &url);
    if (!snippet_url_is_valid(url)) {
        command_usage(c, "--url is where browsers find luotd, like "
                         "https://count.example.gov.vn");
        return false;
    }
    buffer_init(&b, memory, URL_MEMORY);
    buffer_slice(&b, url);
    if (!slice_ends(url, SLICE("/")))
        buffer_byte(&b, '/');
    *ret_url = buffer_written(&b);
    return true;
}

static bool read_language(const struct asked_command *c, enum language *ret_language)
{
    struct slice word;

    *ret_language = LANGUAGE_VI;
    if (!arguments_option(c->words, "lang", &word))
        return true;
    *ret_language = language_parse(word);
    if (slice_equal(language_code(*ret_language), word))
        return true;
    command_usage(c, "--lang is vi, km or en");
    return false;
}

void command_snippet(struct asked_command *c)
{
    struct snippet_place place = {.site = command_site_at(c, 0)};
    char url[URL_MEMORY];
    struct buffer out;
    char *memory;

    if (place.site == NULL || !read_url(c, url, &place.url) ||
        !read_language(c, &place.language))
        return;
    memory = command_begin(c, &out, SNIPPET_BYTES);
    if (memory == NULL)
        return;
    if (c->json)
        snippet_json(&out, &place);
    else
        snippet_text(&out, &place);
    command_answer(c, &out, memory);
}
