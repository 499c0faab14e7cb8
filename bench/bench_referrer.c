/* What do a view's page and referrer cost: their names, class, campaign, language, screen?
 *
 * Nanoseconds of CPU a view, best of 5 passes: visit_page and visit_referrer as the pipeline
 * calls them. "new hosts": each view comes from a host that nobody came from before.
 *
 *   bench_referrer                 the table
 *   bench_referrer WHAT VIEWS      one pass, for callgrind (bench/README.md): WHAT is the
 *                                  number of a row, from 0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/hash.h"
#include "identify/visit_page.h"
#include "identify/visit_referrer.h"

enum { VIEWS = 200000, PASSES = 5 };

static const struct row {
    const char *what, *page, *referrer;
    bool new_hosts;
} ROWS[] = {
    {"path, direct", "/tin-tuc/bai-viet-1234", "", false},
    {"URL, own site", "https://a.vn/tin-tuc/bai-viet-1234", "https://a.vn/", false},
    {"URL, google", "https://a.vn/tin-tuc/bai-viet-1234", "https://www.google.com/",
     false},
    {"escaped path, google", "https://a.vn/tin-t%E1%BB%A9c/%C4%91%E1%BA%B7c-s%E1%BA%A3n",
     "https://www.google.com/", false},
    {"campaign, facebook",
     "https://a.vn/x?utm_source=fb&utm_medium=social&utm_campaign=tet-2026",
     "https://l.facebook.com/", false},
    {"path, new hosts", "/tin-tuc/bai-viet-1234", "https://www.h%06u.example.com/", true},
    {"path, new webmails", "/tin-tuc/bai-viet-1234", "https://mail.h%06u.com/", true},
};

struct bench {
    struct site_config config;
    struct referrer_list *list;
    struct referrer_cache *cache;
    struct visit_text text;
    uint64_t seen; /* bytes of keys: so that nothing is left out */
    unsigned hosts;
};

static void pass(struct bench *b, const struct row *row, size_t views)
{
    char referrer[128];
    struct beacon beacon = {.kind = BEACON_VIEW,
                            .page = slice_of(row->page),
                            .referrer = slice_of(row->referrer),
                            .language = SLICE("vi-VN"),
                            .screen_width = 1920};
    struct visit_scene scene = {
        .beacon = &beacon, .config = &b->config, .page_host = SLICE("a.vn")};

    for (size_t i = 0; i < views; i++) {
        struct visit visit = {.kind = VISIT_VIEW};

        if (row->new_hosts) {
            snprintf(referrer, sizeof referrer, row->referrer, b->hosts++);
            beacon.referrer = slice_of(referrer);
        }
        visit_scene_page(&scene);
        visit_page(&visit, &scene, &b->text);
        (void)visit_referrer(&visit, &scene, &b->text, b->list, b->cache);
        b->seen += visit.key[DIM_PAGES].length + visit.key[DIM_REFERRERS].length;
    }
}

static double cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void measure(struct bench *b, const struct row *row)
{
    double best = 0;

    for (int i = 0; i < PASSES; i++) {
        double began = cpu_ns(), each;

        pass(b, row, VIEWS);
        each = (cpu_ns() - began) / VIEWS;
        best = i == 0 || each < best ? each : best;
    }
    printf("%-24s %10.1f\n", row->what, best);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct bench b;
    const size_t rows = sizeof ROWS / sizeof ROWS[0];
    char sentence[REFERRER_LIST_SENTENCE_MAX] = "";
    size_t which = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;

    strcpy(b.config.hosts, "a.vn, *.a.vn");
    b.cache = calloc(1, sizeof *b.cache);
    if (b.cache == NULL || hash_start() != 0 || which >= rows ||
        referrer_list_open(&b.list, "", "", sentence) != 0) {
        fprintf(stderr, "bench_referrer: it did not start: %s\n", sentence);
        return 1;
    }
    if (argc > 2)
        pass(&b, &ROWS[which], strtoul(argv[2], NULL, 10));
    else
        printf("%-24s %10s\n", "", "ns a view");
    for (size_t i = 0; i < rows && argc <= 2; i++)
        measure(&b, &ROWS[i]);
    referrer_list_free(b.list);
    free(b.cache);
    return b.seen > 0 ? 0 : 1;
}
