#include "answer/arguments.h"

#include "base/error.h"

/* One word of *rest, unquoted into memory at *used; "a b"c is one word. */
static int take_word(struct slice *rest, char *memory, size_t *used,
                     struct slice *ret_word)
{
    size_t from = *used, i = 0;
    bool quoted = false;

    for (; i < rest->length; i++) {
        char c = rest->at[i];
        if (c == '"') {
            quoted = !quoted;
            continue;
        }
        if (!quoted && (c == ' ' || c == '\t'))
            break;
        if (quoted && c == '\\' && i + 1 < rest->length &&
            (rest->at[i + 1] == '"' || rest->at[i + 1] == '\\'))
            c = rest->at[++i];
        memory[(*used)++] = c;
    }
    *rest = (struct slice){rest->at + i, rest->length - i};
    *ret_word = (struct slice){memory + from, *used - from};
    return quoted ? ERR_MALFORMED : 0;
}

int arguments_split(struct arguments *ret_arguments, struct slice line)
{
    struct arguments *a = ret_arguments;
    struct slice rest = slice_trim(line), word;
    size_t used = 0;

    a->json = false;
    a->name = (struct slice){NULL, 0};
    a->places = a->options = 0;
    if (line.length > sizeof a->memory)
        return ERR_TOO_LONG;
    for (; rest.length > 0; rest = slice_trim(rest)) {
        int rv = take_word(&rest, a->memory, &used, &word);
        if (rv != 0)
            return rv;
        if (a->name.length == 0 && !a->json && slice_equal(word, SLICE("json")))
            a->json = true;
        else if (a->name.length == 0)
            a->name = word;
        else if (a->places == WORDS_MAX)
            return ERR_FULL;
        else
            a->place[a->places++] = word;
    }
    return 0;
}

/* '-' and '_' are the same. */
static bool same_name(struct slice a, struct slice b)
{
    if (a.length != b.length)
        return false;
    for (size_t i = 0; i < a.length; i++)
        if ((a.at[i] == '-' ? '_' : a.at[i]) != (b.at[i] == '-' ? '_' : b.at[i]))
            return false;
    return true;
}

static bool is_known(const char *known, struct slice name)
{
    struct slice rest = slice_of(known);

    while (rest.length > 0)
        if (same_name(slice_cut(&rest, ' '), name))
            return true;
    return false;
}

/* What one place is: an option (*ret_is) or not. `next` is the word behind it. */
static int read_option(struct slice word, const struct slice *next, const char *known,
                       struct argument_option *ret_option, bool *ret_is, bool *ret_took)
{
    bool dashes = slice_starts(word, SLICE("--"));
    struct slice value = word, name;
    bool has_value = slice_find(word, '=') < word.length;

    name = slice_cut(&value, '=');
    if (dashes)
        name = (struct slice){name.at + 2, name.length - 2};
    *ret_is = dashes || (has_value && is_known(known, name));
    *ret_took = false;
    *ret_option = (struct argument_option){name, value};
    if (!*ret_is)
        return 0;
    if (!is_known(known, name))
        return ERR_NOT_FOUND;
    if (has_value)
        return 0;
    if (next == NULL)
        return ERR_PARTIAL;
    ret_option->value = *next;
    *ret_took = true;
    return 0;
}

int arguments_options(struct arguments *a, const char *known, struct slice *ret_wrong)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < a->places; i++) {
        const struct slice *next = i + 1 < a->places ? &a->place[i + 1] : NULL;
        struct argument_option option;
        bool is, took;
        int rv = read_option(a->place[i], next, known, &option, &is, &took);

        *ret_wrong = option.name;
        if (rv != 0)
            return rv;
        if (!is)
            a->place[kept++] = a->place[i];
        else if (a->options == OPTIONS_MAX)
            return ERR_FULL;
        else
            a->option[a->options++] = option;
        i += took;
    }
    a->places = kept;
    return 0;
}

bool arguments_option(const struct arguments *a, const char *name,
                      struct slice *ret_value)
{
    for (unsigned i = 0; i < a->options; i++) {
        if (!same_name(a->option[i].name, slice_of(name)))
            continue;
        *ret_value = a->option[i].value;
        return true;
    }
    return false;
}
