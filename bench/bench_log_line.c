/* What does it cost to read a live log line, with no socket and nothing counted?
 *
 * The envelope, the line and the page rule, as the pipeline does it, for each format on
 * lines of 10,000 visitors and 1,000 pages; nanoseconds of CPU a line, best of 5 passes.
 * Beside it the beacon that says the same (bench/beacons.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "beacons.h"
#include "parse/beacon.h"
#include "parse/log_format.h"
#include "parse/page_rule.h"
#include "parse/syslog.h"

enum { LINES = 20000, LINE_MAX = 640, PASSES = 5, VISITORS = 10000 };

#define AGENT                                                                            \
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "  \
    "Chrome/%u.0.0.0 Safari/537.36"
#define COMBINED                                                                         \
    "10.0.%u.%u - - [23/Nov/2026:00:27:48 +0000] \"GET /tin-tuc/bai-viet-%06u "          \
    "HTTP/1.1\" 200 5120 \"https://www.google.com/\" \"" AGENT "\""
#define JSON                                                                             \
    "{\"time\":\"2026-11-23T00:27:48+00:00\",\"remote_addr\":\"10.0.%u.%u\","            \
    "\"x_forwarded_for\":\"\",\"host\":\"portal.example.vn\",\"request\":\"GET "         \
    "/tin-tuc/bai-viet-%06u HTTP/1.1\",\"status\":\"200\",\"referer\":"                  \
    "\"https://www.google.com/\",\"user_agent\":\"" AGENT "\",\"accept_language\":"      \
    "\"vi\",\"dnt\":\"\",\"sec_gpc\":\"\",\"sec_purpose\":\"\"}"

static const struct {
    const char *name, *format;
} FORMS[] = {
    {"combined, RFC 3164", "<190>Nov 23 00:27:48 vm portal: " COMBINED},
    {"combined, RFC 5424", "<190>1 2026-11-23T00:27:48Z vm portal - - - " COMBINED},
    {"combined, virtual host", "portal.example.vn:443 " COMBINED},
    {"JSON, RFC 3164", "<190>Nov 23 00:27:48 nginx: " JSON},
};

static char text[LINES][LINE_MAX];
static struct slice line[LINES];

static void write_lines(const char *format)
{
    uint64_t state = 1;

    for (size_t i = 0; i < LINES; i++) {
        unsigned who = (unsigned)(beacons_random(&state) % VISITORS);
        unsigned page = (unsigned)(beacons_random(&state) % 1000);
        int n = snprintf(text[i], LINE_MAX, format, who >> 8, who & 255, page,
                         100 + who % 40);
        line[i] = (struct slice){text[i], (size_t)n};
    }
}

static bool read_line(struct slice bytes)
{
    static char scratch[LINE_MAX + 16];
    struct syslog envelope = {.line = bytes};
    struct log_line record;

    return (!syslog_begins(bytes) || syslog_parse(&envelope, bytes) == 0) &&
           log_format_read(&record, envelope.line, scratch) == 0 &&
           page_rule_kind(PAGE_RULE_PAGE, &record) == PAGE_VIEW;
}

static bool read_beacon(struct slice bytes)
{
    static char scratch[LINE_MAX + 16];
    struct beacon beacon;

    return beacon_parse(&beacon, bytes, scratch) == 0 && beacon.page.length > 0;
}

static double cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* False: a line was not read, so the figure would be of something else. */
static bool measure(const char *name, bool (*read)(struct slice))
{
    double best = 0;
    size_t bytes = 0, good = 0;

    for (int pass = 0; pass < PASSES; pass++) {
        double began = cpu_ns(), each;
        for (size_t i = 0; i < LINES; i++)
            good += read(line[i]);
        each = (cpu_ns() - began) / LINES;
        best = pass == 0 || each < best ? each : best;
    }
    for (size_t i = 0; i < LINES; i++)
        bytes += line[i].length;
    printf("%-24s %5zu %10.1f\n", name, bytes / LINES, best);
    return good == (size_t)PASSES * LINES;
}

int main(void)
{
    uint64_t state = 1;
    bool good = true;

    printf("%-24s %5s %10s\n", "", "bytes", "ns a line");
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        write_lines(FORMS[i].format);
        good = measure(FORMS[i].name, read_line) && good;
    }
    for (size_t i = 0; i < LINES; i++)
        line[i] = (struct slice){text[i], beacons_write(text[i], VISITORS, &state)};
    good = measure("a beacon", read_beacon) && good;
    if (!good)
        fprintf(stderr, "bench_log_line: a line was not read\n");
    return good ? 0 : 1;
}
