#include "store/dump.h"

#include <sodium.h>

#include "base/error.h"
#include "store/dump_lines.h"

/* Every line of the format: its word, then its values. The first has no name. */
const struct dump_line dump_lines[DUMP_KINDS] = {
#define LIVE                                                                             \
    {"node", NODE},                                                                      \
    {                                                                                    \
        "run", HEX                                                                       \
    }
    [DUMP_GAP] = {"gap", {{"", SMALL}, {"ends", SMALL}, {"node", NODE}}},
    [DUMP_NAME] = {"name",
                   {{"", KEY},
                    {"kind", TEXT},
                    {"is", TEXT},
                    {"host", TEXT},
                    {"at", NUMBER},
                    {"uid", SMALL}}},
    [DUMP_SITE] = {"site",
                   {{"", KEY},
                    {"host", TEXT},
                    {"created", SMALL},
                    {"first_live", SMALL},
                    {"last_view", SMALL}}},
    [DUMP_TOTAL] = {"total", {{"", TOTAL}, {"visits", TOTAL}, LIVE}},
    [DUMP_DAY] = {"day",
                  {{"", DAY},
                   {"views", COUNT},
                   {"visits", COUNT},
                   {"visitors", COUNT},
                   {"exact", FLAG},
                   LIVE}},
    [DUMP_QUARTER] = {"quarter",
                      {{"", SMALL}, {"views", COUNT}, {"visits", COUNT}, LIVE}},
    [DUMP_WEEK] = {"week", {{"", SMALL}, {"visitors", COUNT}, {"exact", FLAG}, LIVE}},
    [DUMP_MONTH] = {"month", {{"", SMALL}, {"visitors", COUNT}, {"exact", FLAG}, LIVE}},
    [DUMP_ENGAGED] = {"engaged",
                      {{"", DAY}, {"engaged", COUNT}, {"visits", COUNT}, LIVE}},
    [DUMP_SKETCH] = {"sketch", {{"", DAY}, LIVE, {"hll", BLOB}}},
#define TOP                                                                              \
    {"", SMALL}, {"day", DAY}, {"of", TEXT}, {"key", TEXT}, {"views", TOTAL},            \
        {"visitors", TOTAL}, {"lacks", TOTAL}, {"sum", TOTAL}, LIVE
    [DUMP_TOP] = {"top", {TOP}},
    [DUMP_TOP_MONTH] = {"top-month", {TOP}},
    [DUMP_PAGE] = {"page", {{"", SMALL}, {"path", TEXT}, {"views", TOTAL}, LIVE}},
    [DUMP_PAGE_SEED] = {"page-seed",
                        {{"", SMALL},
                         {"path", TEXT},
                         {"views", NUMBER},
                         {"counted", NUMBER},
                         {"at", SMALL},
                         {"uid", SMALL},
                         {"note", TEXT}}},
    [DUMP_ADJUST] = {"adjust",
                     {{"", DAY},
                      {"metric", METRIC},
                      {"by", SIGNED},
                      {"at", SMALL},
                      {"uid", SMALL},
                      {"nth", SMALL},
                      {"note", TEXT}}},
    [DUMP_SEED] = {"seed",
                   {{"", METRIC},
                    {"total", NUMBER},
                    {"today", OPTIONAL},
                    {"week", OPTIONAL},
                    {"month", OPTIONAL},
                    {"as_of", SMALL},
                    {"less_total", NUMBER},
                    {"less_today", NUMBER},
                    {"less_week", NUMBER},
                    {"less_month", NUMBER},
                    {"adjusts", SMALL},
                    {"at", SMALL},
                    {"uid", SMALL},
                    {"note", TEXT}}},
    [DUMP_AUDIT] = {"audit",
                    {{"", SMALL}, {"uid", SMALL}, {"nth", SMALL}, {"what", TEXT}}},
    [DUMP_SOURCE] = {"source",
                     {{"", HEX},
                      {"bytes", NUMBER},
                      {"lines", NUMBER},
                      {"parsed", NUMBER},
                      {"malformed", NUMBER},
                      {"views", NUMBER},
                      {"skipped", NUMBER},
                      {"from", SMALL},
                      {"to", SMALL},
                      {"name", TEXT}}},
#define IMPORTED                                                                         \
    {"visits", SIGNED}, {"visitors", SIGNED}, {"of", NUMBER},                            \
    {                                                                                    \
        "source", HEX                                                                    \
    }
    [DUMP_IMPORTED_DAY] = {"imported-day", {{"", DAY}, {"views", COUNT}, IMPORTED}},
    [DUMP_IMPORTED_HOUR] = {"imported-hour", {{"", SMALL}, {"views", COUNT}, IMPORTED}},
    [DUMP_IMPORTED_WEEK] = {"imported-week", {{"", SMALL}, IMPORTED}},
    [DUMP_IMPORTED_MONTH] = {"imported-month", {{"", SMALL}, IMPORTED}},
};

const char *const dump_metrics[3] = {"views", "visits", "visitors"};

/* --- What a kind is --- */

const char *dump_word(enum dump_kind kind)
{
    return dump_lines[kind].word;
}

unsigned dump_field_count(enum dump_kind kind)
{
    unsigned n = 0;

    while (n < DUMP_FIELDS && dump_lines[kind].field[n].name != NULL)
        n++;
    return n;
}

int dump_node_field(enum dump_kind kind)
{
    for (unsigned i = 0; i + 1 < dump_field_count(kind); i++)
        if (dump_lines[kind].field[i].type == NODE &&
            dump_lines[kind].field[i + 1].type == HEX)
            return (int)i;
    return -1;
}

bool dump_is_text(enum dump_kind kind, unsigned field)
{
    return dump_type_is_text(dump_lines[kind].field[field].type);
}

bool dump_is_blob(enum dump_kind kind, unsigned field)
{
    return dump_lines[kind].field[field].type == BLOB;
}

enum dump_kind dump_kind_of(struct slice word)
{
    for (int k = DUMP_NONE + 1; k < DUMP_KINDS; k++)
        if (slice_equal(slice_of(dump_lines[k].word), word))
            return (enum dump_kind)k;
    return DUMP_NONE;
}

void dump_place_write(struct buffer *out, struct dump_place place)
{
    buffer_format(out, "%s:%lld", dump_lines[place.kind].word, (long long)place.number);
}

int dump_place_parse(struct dump_place *ret_place, struct slice text)
{
    struct dump_place place = {.kind = dump_kind_of(slice_cut(&text, ':'))};

    if (place.kind == DUMP_NONE || slice_signed(text, &place.number) != 0)
        return ERR_MALFORMED;
    *ret_place = place;
    return 0;
}

/* --- The tally --- */

void dump_tally_init(struct dump_tally *t)
{
    *t = (struct dump_tally){.rows = 0};
    crypto_hash_sha256_init(&t->sum);
}

void dump_tally_add(struct dump_tally *t, struct slice text, uint64_t rows,
                    uint64_t sites)
{
    crypto_hash_sha256_update(&t->sum, (const unsigned char *)text.at, text.length);
    t->rows += rows;
    t->sites += sites;
}
/* The sum of all that was added so far; more may follow. */
void dump_tally_hex(const struct dump_tally *t, char hex[65])
{
    crypto_hash_sha256_state sum = t->sum;
    unsigned char bytes[crypto_hash_sha256_BYTES];

    crypto_hash_sha256_final(&sum, bytes);
    sodium_bin2hex(hex, 65, bytes, sizeof bytes);
}
