/* Damage to the arena, in process: every byte of its first page changed in two ways, random
 * flips over all that is backed, its file cut at every 512 bytes of the front. Each copy is
 * opened and adopted by a child, which must end by itself; then every number is right, or
 * the damage was said (counted, or the file was moved aside by name). FULL=1: all bytes,
 * all cuts, 5,000 flips (FLIPS=n); else a sample of them. SEED and CASE repeat one.
 *
 * What may be wrong unsaid: a visitor whose own word was changed (one more or less), and a
 * slot of an open quarter that was raised (count/hits_seal.h). Both are counted here. */
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "count/hits_seal.h"
#include "count/site_layout.h"
#include "lib/arena_image.h"
#include "lib/world.h"
#include "stress/stress.h"

enum { RANGES = 6, DAYS = 4, SITES = 3, PATIENCE_S = 20, PAGE = 4096, CUT = 512 };

static const char text[] = "auto_sites = *.example.org\nauto_sites_max = 3\n"
                           "[site a]\ntimezone = UTC\n"
                           "[site b]\ntimezone = Asia/Ho_Chi_Minh\nidentity = day\n";
static const char *const keys[SITES] = {"a", "b", "x-example-org"};

/* --- The truth --- */

static const enum site_span spans[] = {SPAN_TOTAL, SPAN_TODAY, SPAN_YESTERDAY,
                                       SPAN_WEEK,  SPAN_MONTH, SPAN_LAST_MONTH};
enum { NUMBERS = sizeof spans / sizeof *spans + DAYS };

struct truth {
    uint64_t of[SITES][NUMBERS][METRIC_KINDS];
};

static struct instant now;
static int64_t first_day;

static void read_truth(const struct registry *r, struct truth *ret_truth)
{
    memset(ret_truth, 0, sizeof *ret_truth);
    for (unsigned i = 0; i < SITES; i++) {
        const struct site *s = registry_by_key(r, slice_of(keys[i]));
        unsigned at = 0;

        if (s == NULL)
            continue;
        for (; at < NUMBERS - DAYS; at++)
            for (int m = 0; m < METRIC_KINDS; m++)
                ret_truth->of[i][at][m] = site_metric(s, spans[at], (enum metric)m, now);
        for (int d = 0; d < DAYS; d++, at++) {
            struct site_numbers n = {0};

            (void)site_own_day(s, first_day + d, now, &n);
            memcpy(ret_truth->of[i][at], n.metric, sizeof n.metric);
        }
    }
}

/* --- What is damaged --- */

static struct arena_image image;
static struct world world; /* its directory is where copies are opened */

static const char *file(void)
{
    return scratch_path(&world.dir, "arena");
}

static void die(const char *what)
{
    fprintf(stderr, "sweep: %s\n", what);
    exit(2);
}

/* Four days with numbers of their own, of which three are folded; one site that opened by
 * itself; something that a store told. */
static void count_day(unsigned day)
{
    for (unsigned v = 0; v < 40 + day; v++)
        for (unsigned n = 0; n < 2; n++)
            if (world_view(&world, "a", v) != OUTCOME_VIEW ||
                world_view(&world, "b", v + 3 * day) != OUTCOME_VIEW ||
                world_view(&world, keys[2], v) != OUTCOME_VIEW)
                die("a view");
    world_ticks(&world, 3);
}

static void tell_history(void)
{
    struct site *s = world_site(&world, "a");
    const uint64_t other[METRIC_KINDS] = {7, 5, 3},
                   imported[METRIC_KINDS] = {1000, 500, 9};
    struct site_seed seed[METRIC_KINDS] = {{.as_of_s = 0}};
    struct site_totals totals = {.live = {70, 50, 30},
                                 .imported = {1000, 500, 9},
                                 .adjusted = {-1, 0, 0},
                                 .since_day = first_day};

    for (int d = 0; d < DAYS; d++)
        site_set_day(s, first_day + d, other, imported);
    site_set_totals(s, seed, &totals);
}

static void make_image(void)
{
    struct instant at = world_time("2024-05-14 12:00:00");
    int why;

    first_day = at.ms / 86400000;
    world_open(&world, RANGES, text, at);
    if (registry_open_host(world.registry, SLICE("x.example.org"), &why) == NULL)
        die("a site that opens itself");
    for (unsigned d = 0; d < DAYS; d++) {
        world.now = instant_after(at, (int64_t)d * 86400);
        world_ticks(&world, 3);
        count_day(d);
        world.now = instant_after(world.now, 2000);
        count_day(d);
    }
    tell_history();
    now = instant_after(world.now, 5);
    world_stop(&world);
    arena_image_read(&image, file());
}

/* --- One case --- */

enum ending { RIGHT, MENDED, SAID, UNSEEN, WRONG }; /* MENDED: said, and right */
enum kind { FLIP, CUT_AT };

struct damaged {
    enum kind kind;
    off_t at;
    unsigned char mask;
};

static struct truth truth;

/* One visitor more or less, and nothing else. */
static bool only_visitors_differ(const struct truth *is)
{
    for (unsigned i = 0; i < SITES; i++)
        for (unsigned n = 0; n < NUMBERS; n++) {
            const uint64_t *a = is->of[i][n], *b = truth.of[i][n];
            uint64_t differ = a[METRIC_VISITORS] > b[METRIC_VISITORS]
                                  ? a[METRIC_VISITORS] - b[METRIC_VISITORS]
                                  : b[METRIC_VISITORS] - a[METRIC_VISITORS];

            if (a[METRIC_VIEWS] != b[METRIC_VIEWS] ||
                a[METRIC_VISITS] != b[METRIC_VISITS] || differ > DAYS)
                return false;
        }
    return true;
}

static off_t ranges_at(void)
{
    return image.length - (off_t)RANGES * SITE_RANGE_BYTES;
}

/* Only where it is said to be possible. */
static bool may_be_unseen(const struct damaged *d, const struct truth *is)
{
    off_t in = d->at < ranges_at() ? -1 : (d->at - ranges_at()) % SITE_RANGE_BYTES;
    off_t ring = offsetof(struct site_block, hits.ring);

    if (d->kind != FLIP || in < 0)
        return false;
    if (in >= TABLE_AT)
        return only_visitors_differ(is);
    return in >= ring && in < ring + (off_t)sizeof((struct hits *)0)->ring;
}

static void forget_moved(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -f '%s'/arena.bad-*", world.dir.dir);
    if (system(command) != 0)
        die("rm");
}

static enum ending look(const struct damaged *d, const struct registry *r,
                        const struct registry_report *report)
{
    unsigned damage = report->head_damaged;
    struct truth is;

    for (size_t i = 0; i < registry_limit(r); i++) {
        const struct site *s = registry_site(r, i);
        damage += s->damage.mended + s->damage.lost;
    }
    read_truth(r, &is);
    if (d == NULL)
        truth = is;
    if (memcmp(&is, &truth, sizeof is) == 0)
        return damage > 0 ? MENDED : RIGHT;
    if (damage > 0)
        return SAID;
    return d != NULL && may_be_unseen(d, &is) ? UNSEEN : WRONG;
}

static enum ending open_damaged(const struct damaged *d)
{
    const struct arena_layout layout = {.version = 4,
                                        .oldest = 1,
                                        .layout_hash = site_layout_hash(),
                                        .head_bytes = sizeof(struct count_head),
                                        .ranges = RANGES,
                                        .range_bytes = SITE_RANGE_BYTES};
    struct registry_report sites;
    struct arena_report report;
    struct registry *r;
    struct arena *a;
    enum ending ending;

    if (arena_open(&a, world.dir.dir, &layout, 0, &report) != 0)
        return strstr(report.sentence, world.dir.dir) != NULL ? SAID : WRONG;
    if (registry_open(&r, a, RANGES, world.config[0], now, &sites) != 0)
        return WRONG;
    ending = look(d, r, &sites);
    if (report.outcome != ARENA_ADOPTED) {
        ending = strstr(report.sentence, "arena.bad-") != NULL ? SAID : WRONG;
        forget_moved();
    }
    registry_close(r);
    arena_close(a);
    return ending;
}

static enum ending try_case(const struct damaged *d)
{
    unsigned char *byte = d->kind == FLIP ? arena_image_at(&image, d->at) : NULL;
    enum ending ending;

    alarm(PATIENCE_S);
    if (byte != NULL)
        *byte ^= d->mask;
    arena_image_write(&image, file(), d->kind == CUT_AT ? d->at : image.length);
    if (byte != NULL)
        *byte ^= d->mask;
    ending = open_damaged(d);
    return ending;
}

/* --- All cases --- */

struct progress { /* shared with the child that works */
    unsigned long next;
    unsigned long endings[WRONG + 1];
};

static struct damaged *cases;
static unsigned long case_count;
static struct progress *progress;

static void add_case(enum kind kind, off_t at, unsigned char mask)
{
    cases = realloc(cases, (case_count + 1) * sizeof *cases);
    if (cases == NULL)
        die("memory");
    cases[case_count++] = (struct damaged){kind, at, mask};
}

/* Half of them where the numbers are: blocks and seals. */
static off_t random_byte(uint64_t *seed)
{
    for (;;) {
        off_t at, in;

        (void)arena_image_byte(&image, random_below(seed, image.backed), &at);
        in = at - ranges_at();
        if (random_below(seed, 2) == 0 || in < 0 ||
            in % SITE_RANGE_BYTES < SEAL_AT + (off_t)sizeof(struct site_seal))
            return at;
    }
}

static void choose_cases(bool full, uint64_t seed)
{
    unsigned long flips = number_from("FLIPS", full ? 5000 : 400);
    off_t front = ranges_at() + SEAL_AT + (off_t)sizeof(struct site_seal);

    for (off_t at = full ? 0 : (off_t)random_below(&seed, 16); at < PAGE;
         at += full ? 1 : 40) {
        add_case(FLIP, at, 0xff);
        add_case(FLIP, at, (unsigned char)(1u << random_below(&seed, 8)));
    }
    for (unsigned long i = 0; i < flips; i++) {
        off_t at = random_byte(&seed);

        add_case(FLIP, at,
                 (unsigned char)(random_below(&seed, 5) != 0
                                     ? 1u << random_below(&seed, 8)
                                     : 1 + random_below(&seed, 255)));
    }
    for (off_t at = 0; at < front; at += full ? CUT : 16 * CUT + CUT)
        add_case(CUT_AT, at, 0);
}

static void say_case(const char *what, unsigned long n)
{
    const struct damaged *d = &cases[n];
    off_t in = d->at - ranges_at();

    fprintf(stderr, "case %lu: %s: %s at %lld (range %lld, offset %lld) ^ %02x\n", n,
            what, d->kind == FLIP ? "flip" : "cut", (long long)d->at,
            in < 0 ? -1LL : (long long)(in / SITE_RANGE_BYTES),
            in < 0 ? (long long)d->at : (long long)(in % SITE_RANGE_BYTES), d->mask);
}

static void work(unsigned long until)
{
    while (progress->next < until) {
        enum ending ending = try_case(&cases[progress->next]);

        progress->endings[ending]++;
        if (ending == WRONG)
            say_case("a wrong number, not said", progress->next);
        progress->next++;
    }
    exit(0);
}

/* A child that dies is followed by another, from the next case on. */
static void run_cases(unsigned long from, unsigned long until)
{
    progress->next = from;
    while (progress->next < until) {
        pid_t child = fork();
        int status = 0;

        if (child == 0)
            work(until);
        (void)waitpid(child, &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
            break;
        say_case("it ended the process", progress->next);
        CHECK(false, "status %x", (unsigned)status);
        progress->next++;
    }
}

/* The whole one, which says what is right. */
static void learn_truth(void)
{
    const uint64_t counted = 2 * 2 * (40 + 41 + 42 + 43);

    arena_image_write(&image, file(), image.length);
    CHECK(open_damaged(NULL) == RIGHT, "the whole one is taken for damaged");
    CHECK(truth.of[0][0][METRIC_VIEWS] == counted + 70 + 1000 - 1, "total of a: %llu",
          (unsigned long long)truth.of[0][0][METRIC_VIEWS]);
    CHECK(truth.of[2][0][METRIC_VIEWS] == counted, "total of x: %llu",
          (unsigned long long)truth.of[2][0][METRIC_VIEWS]);
}

int main(void)
{
    bool full = getenv("FULL") != NULL;
    unsigned long seed = number_from("SEED", 1), only = number_from("CASE", ULONG_MAX);

    progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (progress == MAP_FAILED)
        die("memory");
    make_image();
    learn_truth();
    choose_cases(full, seed);
    if (only < case_count)
        run_cases(only, only + 1);
    else
        run_cases(0, case_count);
    CHECK(progress->endings[WRONG] == 0, "%lu wrong numbers that nobody speaks of",
          progress->endings[WRONG]);
    CHECK(progress->endings[MENDED] + progress->endings[SAID] > case_count / 20,
          "nothing is ever said");
    printf(
        "seed %lu: %lu cases: %lu right, %lu said and mended, %lu said, %lu unseen where "
        "that may be\n",
        seed, case_count, progress->endings[RIGHT], progress->endings[MENDED],
        progress->endings[SAID], progress->endings[UNSEEN]);
    arena_image_release(&image);
    free(cases);
    config_free(world.config[0]);
    scratch_free(&world.dir);
    return stress_end();
}
