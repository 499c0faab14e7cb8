#include "report/refused_part.h"

#include "report/tops.h"

static void reasons(struct json_out *j, const char *name,
                    const uint64_t lines[OUTCOME_COUNT])
{
    json_out_object(j, name);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        if (refusal_place((enum outcome)i) >= 0 && i != OUTCOME_BOT)
            json_out_number(j, outcome_word((enum outcome)i), lines[i]);
    json_out_object_end(j);
}

void refused_json(struct json_out *j, const struct site *s, const struct document *d,
                  bool names)
{
    struct refused_numbers n;

    site_refused_read(s, instant_seconds(d->now), &n);
    json_out_object(j, "bots");
    json_out_number(j, "today", n.today[OUTCOME_BOT]);
    json_out_number(j, "yesterday", n.yesterday[OUTCOME_BOT]);
    json_out_number(j, "total", n.total[OUTCOME_BOT]);
    if (names)
        tops_of_today_json(j, s, d, true);
    json_out_object_end(j);
    reasons(j, "refused", n.total);
    reasons(j, "refused_today", n.today);
    reasons(j, "refused_yesterday", n.yesterday);
}

void refused_text(struct buffer *out, const struct site *s, int64_t now_s)
{
    struct refused_numbers n;
    bool any = false;

    site_refused_read(s, now_s, &n);
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        if (n.total[i] == 0)
            continue;
        if (!any)
            buffer_format(out, "%-16s %12s %12s %12s\n", "not counted", "today",
                          "yesterday", "total");
        any = true;
        buffer_format(out, "  %-14s %12llu %12llu %12llu\n",
                      outcome_word((enum outcome)i), (unsigned long long)n.today[i],
                      (unsigned long long)n.yesterday[i], (unsigned long long)n.total[i]);
    }
}
