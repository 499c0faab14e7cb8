/* Prometheus' text format. Outcomes are one family with labels; every other counter is
 * luot_<name>_total, every gauge luot_<name>. HELP and TYPE come from metrics.def. */
#include "report/stats.h"

static void family(struct buffer *out, const char *name, const char *suffix,
                   const char *kind, const char *help)
{
    buffer_format(out, "# HELP luot_%s%s %s.\n# TYPE luot_%s%s %s\n", name, suffix, help,
                  name, suffix, kind);
}

static void sample(struct buffer *out, const char *name, const char *suffix,
                   uint64_t value)
{
    buffer_format(out, "luot_%s%s %llu\n", name, suffix, (unsigned long long)value);
}

static void outcomes(struct buffer *out, const struct metrics_total *total)
{
    family(out, "lines", "_total", "counter", "What became of the lines received");
    for (int i = 0; i < OUTCOME_COUNT; i++)
        buffer_format(out, "luot_lines_total{class=\"%s\",reason=\"%s\"} %llu\n",
                      outcome_class_word(outcome_class((enum outcome)i)),
                      outcome_word((enum outcome)i),
                      (unsigned long long)metrics_of_outcome(total, (enum outcome)i));
}

static bool is_outcome(int number)
{
    return number >= METRICS_AT_counted_view &&
           number < METRICS_AT_counted_view + OUTCOME_COUNT;
}

static void counters(struct buffer *out, const struct metrics_total *total)
{
    for (int i = 0; i < METRICS_COUNT; i++) {
        const struct metrics_info *m = &metrics_table[i];
        bool counter = m->kind == METRICS_COUNTER;
        if (is_outcome(i))
            continue;
        family(out, m->name, counter ? "_total" : "", counter ? "counter" : "gauge",
               m->help);
        sample(out, m->name, counter ? "_total" : "", total->by_number[i]);
    }
}

static void gauge(struct buffer *out, const char *name, const char *help, uint64_t value)
{
    family(out, name, "", "gauge", help);
    sample(out, name, "", value);
}

static void counter(struct buffer *out, const char *name, const char *help,
                    uint64_t value)
{
    family(out, name, "_total", "counter", help);
    sample(out, name, "_total", value);
}

void exposition_text(struct buffer *out, const struct stats *s)
{
    outcomes(out, &s->total);
    counters(out, &s->total);
    counter(out, "udp_kernel_drop_events",
            "Datagrams that the kernel dropped, at least so many events",
            s->kernel_drops);
    gauge(out, "udp_rcvbuf_bytes", "Receive buffer of one UDP socket, as granted",
          s->udp_buffer);
    counter(out, "store_saves", "Saves that went well", s->saves);
    counter(out, "store_rows", "Rows that were saved", s->save_rows);
    counter(out, "store_failures", "Saves that failed", s->save_failures);
    gauge(out, "store_durable", "1 when what was counted a moment ago is on the disk",
          s->durable);
    family(out, "store_last_save_seconds", "", "gauge", "How long the last save took");
    buffer_text(out, "luot_store_last_save_seconds ");
    buffer_decimal(out, s->save_ms / 1000, 6);
    buffer_byte(out, '\n');
    gauge(out, "arena_bytes", "Memory that counters and visitors take", s->arena_bytes);
    gauge(out, "arena_damaged", "Numbers in memory that failed their check at start",
          s->arena_damaged);
    gauge(out, "geo_built_seconds",
          "When the country database was built, in unix seconds; 0: there is none",
          s->geo == NULL ? 0 : (uint64_t)s->geo->built_s);
    gauge(out, "geo_trouble", "1 when the configured country database could not be read",
          s->geo_trouble != NULL);
    counter(out, "clock_steps", "Times that the clock was set by more than 2 s",
            s->clock_steps);
    counter(out, "log_dropped", "Log lines that could not be written", s->log_dropped);
    gauge(out, "sites", "Sites that are counted", s->sites);
    gauge(out, "workers", "Threads that receive and count", s->workers);
    gauge(out, "uptime_seconds", "Seconds since luotd was started", s->uptime_s);
    family(out, "build_info", "", "gauge", "The version that runs");
    buffer_format(out, "luot_build_info{version=\"%s\"} 1\n", s->version);
}
