/* This run's own sheet of a site. */
#include <string.h>

#include "base/error.h"
#include "count/site_aside.h"
#include "count/site_inner.h"
#include "count/site_peers.h"

static void write_hits(const struct site *s, struct sheet *sheet)
{
    static const int64_t spans[SHEET_SPANS] = {HOUR_SLOTS, DAY_SLOTS, WEEK_SLOTS};
    const struct hits *h = &s->block->hits;
    int64_t ours =
        sheet->slot + 1 -
        QUARTER_SLOTS * atomic_load_explicit(&h->first_q, memory_order_acquire);

    for (unsigned i = 0; i < SHEET_SPANS && ours > 0; i++)
        for (int64_t step = 0; step < SHEET_STEPS; step++) {
            int64_t slots = spans[i] - step * (spans[i] / SHEET_STEPS);
            struct hit_count hits =
                hits_window(h, sheet->slot, slots < ours ? slots : ours);
            struct hit_count aside = site_aside_window(s, sheet->slot, slots);

            sheet->hits[i][step] = (struct hit_count){
                .views = hits.views + aside.views, .visits = hits.visits + aside.visits};
        }
}

static void write_visitors(const struct site *s, struct sheet *sheet)
{
    const struct site_terms *terms = site_terms_of(s);
    struct site_scanned scan = site_scan_for(s, sheet->slot, true);
    uint64_t joins =
        atomic_load_explicit(&s->table[scan.table].head->joins, memory_order_relaxed);
    const uint64_t sliding[] = {scan.online +
                                    (joins > scan.joins ? joins - scan.joins : 0),
                                scan.hour, scan.day, scan.week};

    for (unsigned w = 0; w <= WINDOW_7D; w++) {
        sheet->visitors[w] = sliding[w];
        sheet->exact[w] = scan.exact;
    }
    if (terms->config.identity == IDENTITY_DAY)
        sheet->visitors[WINDOW_7D] =
            site_visitors_of_days(s, sheet->slot, &sheet->exact[WINDOW_7D]);
    for (int i = 0; i < SHEET_PERIODS; i++) {
        enum period_kind kind = (enum period_kind)(PERIOD_DAY + i);
        struct period p = period_at(&terms->calendar, kind, sheet->slot);

        sheet->number[i] = p.number;
        sheet->visitors[WINDOW_TODAY + i] =
            site_own_visitors(s, kind, &p, &sheet->exact[WINDOW_TODAY + i]);
    }
}

/* A number of what people said: who hears another one reads the store again. */
static uint64_t state_of(const struct site *s)
{
    struct site_history h = {0};

    site_read_seed(s, h.seed, &h.totals);
    memset(h.totals.live, 0, sizeof h.totals.live);
    h.totals.since_day = 0;
    return hash_fast(&h, sizeof h) >> 12;
}

/* Words of each key; for a calendar period that they do not reach back to, a sketch. */
static void write_key(const struct site *s, unsigned i, struct sheet *sheet,
                      struct sheet_work *work)
{
    const struct site_terms *terms = site_terms_of(s);
    struct sheet_key *key = &sheet->key[sheet->keys];

    key->id = site_key_id(s, (int)i);
    key->base = atomic_load_explicit(&s->table[i].head->base_slot, memory_order_relaxed);
    key->word = work->word[sheet->keys];
    key->count = visitors_newest(&s->table[i], SHEET_WORDS, key->word, &key->since_slot);
    sheet->keys++;
    for (int w = 0; w < SHEET_PERIODS; w++) {
        struct period p =
            period_at(&terms->calendar, (enum period_kind)(PERIOD_DAY + w), sheet->slot);

        if (p.from_slot >= key->since_slot || site_key_for(s, p.from_slot) != (int)i ||
            (w > 0 && terms->config.identity == IDENTITY_DAY))
            continue;
        visitors_hll(&s->table[i], p.from_slot, &work->hll);
        sheet->hll_key[WINDOW_TODAY + w] = key->id;
        sheet->hll[WINDOW_TODAY + w] =
            (struct slice){(const char *)work->bytes[WINDOW_TODAY + w],
                           hll_to_redis(&work->hll, work->bytes[WINDOW_TODAY + w])};
    }
}

/* What of the words does not fit beside three sketches: the oldest of the largest list. */
static void shorten(struct sheet *sheet)
{
    struct sheet_key *most = &sheet->key[0];
    uint64_t least;

    for (unsigned i = 1; i < sheet->keys; i++)
        if (sheet->key[i].count > most->count)
            most = &sheet->key[i];
    least = 0;
    for (size_t half = most->count / 2; most->count > half; most->count--)
        least = most->word[most->count - 1] & 0xfffff;
    while (most->count > 0 && (most->word[most->count - 1] & 0xfffff) == least)
        most->count--;
    most->since_slot = most->base + (int64_t)least + 1;
}

int site_sheet(const struct site *s, struct instant now, struct sheet_work *work,
               struct buffer *out)
{
    struct sheet sheet = {.slot = instant_slot(now),
                          .online_slots = site_terms_of(s)->online_slots,
                          .total = hits_total(&s->block->hits),
                          .state = state_of(s)};

    write_hits(s, &sheet);
    write_visitors(s, &sheet);
    for (unsigned i = 0; i < SITE_KEYS; i++) {
        int64_t from =
            atomic_load_explicit(&s->block->keys[i].from_slot, memory_order_relaxed);
        int key = site_key_is_linked(s, i) && from <= sheet.slot
                      ? site_hold_key_for(s, from)
                      : -1;

        if (key == (int)i)
            write_key(s, i, &sheet, work);
        site_let_go(s, key);
    }
    for (;;) {
        struct buffer b = *out;

        sheet_write(&b, &sheet);
        if (buffer_error(&b) == 0 || sheet.keys == 0 || sheet.key[0].count == 0) {
            *out = b;
            return buffer_error(&b);
        }
        shorten(&sheet);
    }
}
