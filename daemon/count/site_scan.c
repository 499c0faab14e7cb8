/* Sliding windows: who was seen in the last minutes, hour, day and week. The keeper looks
 * at every visitor once a slot and publishes the numbers; who asks for them when its look
 * is of another slot looks itself, if the tables are small. Who came online since the
 * look is in `joins`. */
#include "count/site_inner.h"
#include "count/site_peers.h"

enum { WINDOWS = 4, SCAN_HERE = 8192, READ_TRIES = 8 };

static uint64_t relaxed(const _Atomic uint64_t *at)
{
    return atomic_load_explicit(at, memory_order_relaxed);
}

struct visit_periods site_periods(const struct site_terms *terms, int64_t slot)
{
    struct visit_periods periods;

    visit_periods_at(&terms->calendar, slot, terms->online_slots, terms->idle_slots,
                     &periods);
    return periods;
}

/* Each window is answered by the key it began under; those of one key by one scan. */
struct site_scanned site_scan_now(const struct site *s, int64_t now_slot)
{
    int64_t slots[WINDOWS] = {site_terms_of(s)->online_slots, HOUR_SLOTS, DAY_SLOTS,
                              WEEK_SLOTS};
    struct visitors_scan scans[WINDOWS] = {0};
    struct site_scanned scan = {.slot = now_slot, .exact = true};

    for (unsigned i = 0, same; i < WINDOWS; i += same) {
        int key = site_hold_key_for(s, now_slot - slots[i] + 1);

        for (same = 1; i + same < WINDOWS; same++)
            if (site_key_for(s, now_slot - slots[i + same] + 1) != key)
                break;
        if (key < 0)
            continue;
        visitors_windows(&s->table[key], now_slot, slots + i, same, scans + i);
        site_let_go(s, key);
        if (i == 0)
            scan.table = (unsigned)key;
        for (unsigned j = i; j < i + same; j++)
            scan.exact = scan.exact && scans[j].exact;
    }
    scan.joins = scans[0].joins;
    scan.online = scans[0].count;
    scan.hour = scans[1].count;
    scan.day = scans[2].count;
    scan.week = scans[3].count;
    return scan;
}

void site_publish_scan(struct site *s, const struct site_scanned *scan)
{
    struct site_scan *p = &s->scan;
    uint64_t version = atomic_load_explicit(&p->version, memory_order_relaxed);

    /* Release all along: who has read one of the numbers sees that the version is odd. */
    atomic_store_explicit(&p->version, version + 1, memory_order_seq_cst);
    atomic_store_explicit(&p->slot, scan->slot, memory_order_release);
    atomic_store_explicit(&p->online, scan->online, memory_order_release);
    atomic_store_explicit(&p->joins, scan->joins, memory_order_release);
    atomic_store_explicit(&p->hour, scan->hour, memory_order_release);
    atomic_store_explicit(&p->day, scan->day, memory_order_release);
    atomic_store_explicit(&p->week, scan->week, memory_order_release);
    atomic_store_explicit(&p->table, scan->table, memory_order_release);
    atomic_store_explicit(&p->exact, scan->exact, memory_order_release);
    atomic_store_explicit(&p->version, version + 2, memory_order_release);
}

/* false: there is none, or it is being written. */
static bool read_scan(const struct site *s, struct site_scanned *ret_scan)
{
    const struct site_scan *p = &s->scan;
    uint64_t version = atomic_load_explicit(&p->version, memory_order_acquire);
    struct site_scanned scan = {
        .slot = atomic_load_explicit(&p->slot, memory_order_acquire),
        .online = atomic_load_explicit(&p->online, memory_order_acquire),
        .joins = atomic_load_explicit(&p->joins, memory_order_acquire),
        .hour = atomic_load_explicit(&p->hour, memory_order_acquire),
        .day = atomic_load_explicit(&p->day, memory_order_acquire),
        .week = atomic_load_explicit(&p->week, memory_order_acquire),
        .table = (unsigned)atomic_load_explicit(&p->table, memory_order_acquire),
        .exact = atomic_load_explicit(&p->exact, memory_order_acquire) != 0,
    };

    if (version == 0 || (version & 1) != 0 ||
        atomic_load_explicit(&p->version, memory_order_relaxed) != version)
        return false;
    *ret_scan = scan;
    return true;
}

struct site_scanned site_scan_for(const struct site *s, int64_t now_slot, bool fresh)
{
    struct site_scanned scan;
    uint64_t words = 0;
    bool have = false;

    for (unsigned tries = 0; tries < READ_TRIES && !have; tries++)
        have = read_scan(s, &scan);
    if (have && scan.slot == now_slot && !fresh)
        return scan;
    for (unsigned i = 0; i < SITE_KEYS; i++)
        words += relaxed(&s->table[i].head->words);
    return have && words > SCAN_HERE ? scan : site_scan_now(s, now_slot);
}

struct site_online site_online(const struct site *s, struct instant now)
{
    struct site_scanned scan = site_scan_for(s, instant_slot(now), false);
    uint64_t joins = relaxed(&s->table[scan.table].head->joins);
    int64_t now_slot = instant_slot(now);
    int64_t from_slot = now_slot - site_terms_of(s)->online_slots + 1;
    struct site_numbers n = {.exact = scan.exact, .deduplicated = true};
    int key;

    n.metric[METRIC_VISITORS] =
        scan.online + (joins > scan.joins ? joins - scan.joins : 0);
    key = site_hold_key_for(s, from_slot);
    site_peers_add(s, WINDOW_ONLINE, now_slot, from_slot, key, &n);
    site_let_go(s, key);
    return (struct site_online){
        .visitors = n.metric[METRIC_VISITORS],
        .window_s = site_terms_of(s)->config.online_window_s,
        .exact = n.exact,
    };
}

void site_today_hll(const struct site *s, struct instant now, struct hll *ret_hll)
{
    struct period today =
        period_at(&site_terms_of(s)->calendar, PERIOD_DAY, instant_slot(now));
    int key = site_hold_key_for(s, today.from_slot);

    hll_clear(ret_hll);
    if (key < 0)
        return;
    visitors_hll(&s->table[key], today.from_slot, ret_hll);
    site_let_go(s, key);
}

uint64_t site_own_changes(const struct site *s, struct instant now)
{
    const struct hits *h = &s->block->hits;
    uint64_t seen[6 + SITE_KEYS] = {
        atomic_load_explicit(&h->ring[instant_slot(now) % RING_SLOTS],
                             memory_order_acquire),
        relaxed(&h->late),
        relaxed(&h->overrun_views),
        relaxed(&s->block->history_version),
        (uint64_t)(uintptr_t)atomic_load_explicit(&s->shown, memory_order_relaxed),
        relaxed(&s->block->aside),
    };

    for (unsigned i = 0; i < SITE_KEYS; i++)
        seen[6 + i] = relaxed(&s->table[i].head->joins);
    return hash_fast(seen, sizeof seen);
}

uint64_t site_changes(const struct site *s, struct instant now)
{
    return site_own_changes(s, now) ^
           atomic_load_explicit(&s->peer_changes, memory_order_acquire) << 32;
}
