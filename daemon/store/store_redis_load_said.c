/* Loads what people said and brought. */
#include "base/error.h"
#include "store/dump_lines.h"
#include "store/store_redis_loading.h"

int loading_say_append(struct redis_link *link, struct slice key, const char *mode,
                       const struct slice *line, size_t lines)
{
    struct slice word[2 + ROWS_AT_ONCE * 2] = {key, slice_of(mode)};

    memcpy(word + 2, line, lines * 2 * sizeof *line);
    return redis_say_script(link, SCRIPT_APPEND, 1, word, 2 + lines * 2);
}

static int write_line(char line[LINE_BYTES], const struct dump_row *row, int64_t *ret_nth)
{
    const struct dump_value *v = row->value;
    const struct slice text = row->kind == DUMP_ADJUST ? v[6].text : v[3].text;
    int n;

    if (row->kind == DUMP_ADJUST)
        n = snprintf(line, LINE_BYTES, "%lld %lld %lld %lld %lld %.*s",
                     (long long)v[1].number, (long long)v[0].number,
                     (long long)v[2].number, (long long)v[3].number,
                     (long long)v[4].number, (int)text.length, text.at);
    else
        n = snprintf(line, LINE_BYTES, "%lld %lld %.*s", (long long)v[0].number,
                     (long long)v[1].number, (int)text.length, text.at);
    *ret_nth = row->kind == DUMP_ADJUST ? v[5].number : v[2].number;
    return n < LINE_BYTES ? 0 : ERR_TOO_LONG;
}

int loading_say_lines(struct loading *l, struct redis_link *link, enum dump_kind kind)
{
    char line[ROWS_AT_ONCE][LINE_BYTES], times[ROWS_AT_ONCE][24], key[KEY_MAX];
    struct slice word[ROWS_AT_ONCE * 2] = {{NULL, 0}};
    const struct dump_row *row;
    size_t n = 0;

    while (n < ROWS_AT_ONCE && (row = loading_peek(l)) != NULL && row->kind == kind) {
        int64_t nth;
        int rv = write_line(line[n], row, &nth);
        if (rv != 0)
            return rv;
        word[2 * n] = slice_of(line[n]);
        word[2 * n + 1] = loading_number(times[n], nth);
        n++;
        l->waiting = NULL;
    }
    return loading_say_append(
        link, redis_key(key, loading_site(l), kind == DUMP_ADJUST ? "adjusted" : "audit"),
        "", word, n);
}

int loading_say_seed(struct loading *l, struct redis_link *link,
                     const struct dump_value *v)
{
    static const struct {
        const char *name;
        unsigned value;
    } fields[] = {{"at", 11},         {"uid", 12},         {"as_of", 5},
                  {"total", 1},       {"today", 2},        {"week", 3},
                  {"month", 4},       {"offset_total", 6}, {"offset_today", 7},
                  {"offset_week", 8}, {"offset_month", 9}};
    enum { FIELDS = sizeof fields / sizeof fields[0] };
    char seed[KEY_MAX], adjusted[KEY_MAX], number[FIELDS + 1][24];
    struct slice word[3 + 2 * FIELDS + 2];
    size_t n = 0;

    word[n++] = redis_key_of(seed, loading_site(l), "seed", dump_metrics[v[0].number]);
    word[n++] = redis_key(adjusted, loading_site(l), "adjusted");
    word[n++] = loading_number(number[FIELDS], v[10].number);
    for (size_t i = 0; i < FIELDS; i++) {
        if (v[fields[i].value].absent)
            continue;
        word[n++] = slice_of(fields[i].name);
        word[n++] = loading_number(number[i], v[fields[i].value].number);
    }
    word[n++] = SLICE("note");
    word[n++] = v[13].text.length > 0 ? v[13].text : SLICE("");
    return redis_say_script(link, SCRIPT_SEED_LOAD, 2, word, n);
}

/* --- What was imported --- */

int loading_say_source(struct loading *l, struct redis_link *link,
                       const struct dump_value *v)
{
    char key[KEY_MAX], value[LINE_BYTES];
    size_t n = 0;

    for (int i = 1; i <= 8; i++)
        n += (size_t)snprintf(value + n, sizeof value - n, "%lld ",
                              (long long)v[i].number);
    snprintf(value + n, sizeof value - n, "%.*s", (int)v[9].text.length, v[9].text.at);
    return redis_say_script(
        link, SCRIPT_SOURCE, 1,
        (const struct slice[]){redis_key(key, loading_site(l), "sources"), v[0].text,
                               slice_of(value)},
        3);
}

struct imported_words { /* one row, as SCRIPT_IMPORTED wants it */
    char key[KEY_MAX], index[KEY_MAX], source[DUMP_WHO_MAX], of[24],
        field[DUMP_WHO_MAX + 8], numbers[96], score[24], label[16];
};

static void write_imported(struct imported_words *w, const struct loading *l,
                           const struct dump_row *row)
{
    static const enum change_kind of[DUMP_KINDS] = {
        [DUMP_IMPORTED_DAY] = CHANGE_DAY,
        [DUMP_IMPORTED_HOUR] = CHANGE_HOUR,
        [DUMP_IMPORTED_WEEK] = CHANGE_WEEK,
        [DUMP_IMPORTED_MONTH] = CHANGE_MONTH,
    };
    const enum change_kind kind = of[row->kind];
    const bool views = kind == CHANGE_DAY || kind == CHANGE_HOUR;
    const struct dump_value *v = row->value, *rest = row->value + (views ? 2 : 1);
    const struct slice source = rest[3].text;
    int64_t number = v[0].number;
    char name[32], hour[16] = "";

    if (kind == CHANGE_HOUR) {
        snprintf(hour, sizeof hour, "%02d ", (int)(number % 24));
        number /= 24;
    }
    redis_label(kind, number, w->label);
    snprintf(name, sizeof name, "imported:%s", redis_kind(kind));
    redis_key_of(w->key, loading_site(l), name, w->label);
    snprintf(name, sizeof name, "imported:%s", redis_kinds(kind));
    redis_key(w->index, loading_site(l), name);
    snprintf(w->source, sizeof w->source, "%.*s", (int)source.length, source.at);
    snprintf(w->field, sizeof w->field, "%s%s", hour, w->source);
    loading_number(w->of, rest[2].number);
    snprintf(w->numbers, sizeof w->numbers, "%lld %lld %lld",
             views ? (long long)v[1].number : 0LL, (long long)rest[0].number,
             (long long)rest[1].number);
    loading_number(w->score, number);
}

int loading_say_imported(struct loading *l, struct redis_link *link)
{
    struct imported_words words[ROWS_AT_ONCE];
    struct slice word[1 + ROWS_AT_ONCE * 8];
    const struct dump_row *row;
    char key[KEY_MAX];
    size_t n = 0;

    while (n < ROWS_AT_ONCE && (row = loading_peek(l)) != NULL &&
           loading_is_imported(row->kind)) {
        write_imported(&words[n++], l, row);
        l->waiting = NULL;
    }
    word[0] = redis_key(key, loading_site(l), "sources");
    for (size_t i = 0; i < n; i++) {
        struct slice *rest = &word[1 + 2 * n + 6 * i];
        word[1 + 2 * i] = slice_of(words[i].key);
        word[2 + 2 * i] = slice_of(words[i].index);
        rest[0] = slice_of(words[i].source);
        rest[1] = slice_of(words[i].of);
        rest[2] = slice_of(words[i].field);
        rest[3] = slice_of(words[i].numbers);
        rest[4] = slice_of(words[i].score);
        rest[5] = slice_of(words[i].label);
    }
    return redis_say_script(link, SCRIPT_IMPORTED, 1 + 2 * n, word, 1 + 8 * n);
}
