/* What the sentences of privacy_rows.c take from the settings. */
#include <limits.h>

#include "count/guard.h"
#include "report/privacy_rows.h"

enum { MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400 };

const struct site_config *privacy_site_config(const struct site *s)
{
    return &atomic_load_explicit(&s->terms, memory_order_acquire)->config;
}

struct privacy_range privacy_min_visitors(const struct privacy *p)
{
    struct privacy_range r = {UINT_MAX, 0};

    for (size_t i = 0; i < registry_limit(p->registry); i++) {
        const struct site *s = registry_at(p->registry, i);
        unsigned n;

        if (s == NULL)
            continue;
        n = privacy_site_config(s)->min_visitors;
        r.least = n < r.least ? n : r.least;
        r.most = n > r.most ? n : r.most;
    }
    return r;
}

static uint64_t full_us(const struct rate_rule *rule)
{
    return rate_limit_of(rule).capacity_us;
}

int64_t privacy_limit_kept_s(const struct privacy *p)
{
    const struct settings *s = &registry_config(p->registry)->settings;
    uint64_t address = full_us(&s->rate_limit),
             newcomers = full_us(&s->new_visitors_per_address),
             most = address > newcomers ? address : newcomers;

    return most == 0 ? 0 : (int64_t)((most + 999999) / 1000000) + GUARD_FORGETS_S;
}

/* "15 hours": in the largest unit of which there are two, rounded up. */
static void write_duration(struct buffer *out, int64_t s, enum language language)
{
    static const struct {
        int64_t s;
        const char *name[LANGUAGES];
    } units[] = {
        {DAY_S, {[LANGUAGE_EN] = "days", [LANGUAGE_VI] = "ngày", [LANGUAGE_KM] = "ថ្ងៃ"}},
        {HOUR_S, {[LANGUAGE_EN] = "hours", [LANGUAGE_VI] = "giờ", [LANGUAGE_KM] = "ម៉ោង"}},
        {MINUTE_S,
         {[LANGUAGE_EN] = "minutes", [LANGUAGE_VI] = "phút", [LANGUAGE_KM] = "នាទី"}},
        {1, {[LANGUAGE_EN] = "seconds", [LANGUAGE_VI] = "giây", [LANGUAGE_KM] = "វិនាទី"}}};
    size_t i = 0;

    while (units[i].s > 1 && s < 2 * units[i].s)
        i++;
    grouped_number(out, (uint64_t)((s + units[i].s - 1) / units[i].s), language);
    buffer_format(out, " %s", units[i].name[language]);
}

static void write_limit(struct buffer *out, const struct privacy *p,
                        enum language language)
{
    write_duration(out, privacy_limit_kept_s(p), language);
}

/* SQLite sweeps whole months, so a day's lists are there for up to 26; Redis drops each when
 * it is 25 months old; the arena has three days. */
static void write_tops(struct buffer *out, const struct privacy *p,
                       enum language language)
{
    static const char *const sqlite[LANGUAGES] = {
        [LANGUAGE_EN] = "by day 26 months, then by month for ever",
        [LANGUAGE_VI] = "theo ngày 26 tháng, sau đó theo tháng mãi mãi",
        [LANGUAGE_KM] = "តាមថ្ងៃ 26 ខែ បន្ទាប់មកតាមខែជារៀងរហូត"};
    static const char *const redis[LANGUAGES] = {
        [LANGUAGE_EN] = "25 months", [LANGUAGE_VI] = "25 tháng", [LANGUAGE_KM] = "25 ខែ"};
    static const char *const none[LANGUAGES] = {
        [LANGUAGE_EN] = "three days", [LANGUAGE_VI] = "ba ngày", [LANGUAGE_KM] = "បីថ្ងៃ"};

    buffer_text(out, (p->sqlite ? sqlite : p->redis ? redis : none)[language]);
}

static void write_min_visitors(struct buffer *out, const struct privacy *p,
                               enum language language)
{
    struct privacy_range r = privacy_min_visitors(p);

    if (r.least != r.most) {
        grouped_number(out, r.least, language);
        buffer_text(out, "–");
    }
    grouped_number(out, r.most, language);
}

static const struct {
    struct slice name;
    void (*write)(struct buffer *, const struct privacy *, enum language);
} figures[] = {{{"tops", 4}, write_tops},
               {{"limit", 5}, write_limit},
               {{"min_visitors", 12}, write_min_visitors}};

const char *privacy_sentence(char memory[PRIVACY_SENTENCE_MAX], const char *text,
                             const struct privacy *p, enum language language)
{
    struct slice rest = slice_of(text);
    struct buffer b;

    buffer_init(&b, memory, PRIVACY_SENTENCE_MAX - 1);
    while (rest.length > 0) {
        struct slice name;

        buffer_slice(&b, slice_cut(&rest, '{'));
        if (rest.at == NULL)
            break;
        name = slice_cut(&rest, '}');
        for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
            if (slice_equal(figures[i].name, name))
                figures[i].write(&b, p, language);
    }
    memory[b.length] = '\0';
    return memory;
}
