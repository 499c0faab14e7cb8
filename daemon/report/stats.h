/* Floor 3 (report). What the daemon says about itself: the `stats` shape and, for
 * Prometheus, the same as text (exposition.c).
 *
 * received == counted + suppressed + rejected whenever the loops are idle; while lines
 * come in, one of them may be in one number and not yet in the other. */
#ifndef LUOT_REPORT_STATS_H
#define LUOT_REPORT_STATS_H

#include "base/buffer.h"
#include "base/metrics.h"
#include "base/store_where.h"
#include "identify/geo.h"

struct store_stats {           /* of one store */
    const char *where, *error; /* error: a sentence; NULL: the last save was good */
    bool durable;
    int64_t durable_since_ms;
    uint64_t saves, rows, failures;
    double ms;
};

struct stats {
    struct metrics_total total;
    uint64_t kernel_drops, udp_buffer;
    bool store; /* false: store = none */
    bool durable;
    int64_t durable_since_ms; /* of the last good save */
    uint64_t saves, save_rows, save_failures;
    const char *save_error; /* a sentence; NULL: the last one was good */
    double save_ms;
    const char *arena_fs;
    uint64_t arena_bytes, arena_damaged, incarnation, clock_steps, log_dropped, uptime_s,
        sites, workers, config_hash;
    int64_t as_of_s;
    int64_t keeper_as_of_s; /* its last tick: how fresh windows and closed periods are */
    const char *version, *node;
    const struct geo_info *geo; /* NULL: no country database */
    const char *geo_trouble;    /* why it is not the configured one; NULL: it is */
    struct store_stats stores[STORES_MAX]; /* where there are several, or a server */
    unsigned store_count;
};

void stats_json(struct buffer *out, const struct stats *s);
/* A line a number: "counted.view 12". */
void stats_text(struct buffer *out, const struct stats *s);
/* Prometheus' text format, version 0.0.4. */
void exposition_text(struct buffer *out, const struct stats *s);

#endif
