#include "lib/streamgen.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
    z = (z ^ z >> 27) * 0x94D049BB133111EBU;
    return z ^ z >> 31;
}

static uint64_t draw(uint64_t *state)
{
    *state += 0x9E3779B97F4A7C15U;
    return mix(*state);
}

static void *room(size_t count, size_t size)
{
    void *at = calloc(count, size);
    if (at == NULL)
        abort();
    return at;
}

/* The smallest i with cumulated[i] >= wanted. */
static size_t rank_of(const double *cumulated, size_t count, double wanted)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (cumulated[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count ? low : count - 1;
}

void stream_visitor_text(size_t rank, uint64_t seed, char *ret_text, size_t limit)
{
    uint64_t x = mix(rank * 0xD1342543DE82EF95U + seed);
    unsigned agent = (unsigned)(x >> 8) & 15;

    if ((x & 7) < 6) {
        uint32_t y = (uint32_t)(x >> 32);
        unsigned first = (y >> 24) % 223 + 1;
        if (first == 10 || first == 127)
            first++;
        snprintf(ret_text, limit, "%u.%u.%u.%u|UA-%u", first, y >> 16 & 255, y >> 8 & 255,
                 y & 255, agent);
    } else {
        snprintf(ret_text, limit, "2001:ee0:%x:%x:%x:%x:0:1|UA-%u", (unsigned)(x >> 48),
                 (unsigned)(x >> 32) & 65535, (unsigned)(x >> 16) & 65535,
                 (unsigned)x & 65535, agent);
    }
}

void stream_generate(struct stream *ret_stream, size_t events, size_t visitors,
                     unsigned zipf_x1000, uint64_t seed)
{
    struct stream s = {room(events, sizeof *s.event), events};
    double *cumulated = room(visitors, sizeof *cumulated), sum = 0;
    uint64_t *hash = room(visitors, sizeof *hash), state = seed;

    for (size_t i = 0; i < visitors; i++) {
        sum += pow((double)(i + 1), -(zipf_x1000 / 1000.0));
        cumulated[i] = sum;
    }
    for (size_t k = 0; k < events; k++) {
        uint64_t a = draw(&state), b = draw(&state), c = draw(&state);
        double wanted = (double)(a >> 11) / 9007199254740992.0 * sum;
        size_t rank = rank_of(cumulated, visitors, wanted);
        if (hash[rank] == 0) {
            char text[80];
            stream_visitor_text(rank, seed, text, sizeof text);
            hash[rank] = hash_fast(text, strlen(text));
        }
        s.event[k] = (struct stream_event){.t = STREAM_T0 +
                                                (int64_t)((b >> 32) * STREAM_SPAN >> 32),
                                           .visitor = hash[rank],
                                           .page = (uint32_t)((c >> 40) % 200)};
    }
    free(cumulated);
    free(hash);
    *ret_stream = s;
}

int stream_load(struct stream *ret_stream, const char *path)
{
    FILE *file = fopen(path, "r");
    struct stream s = {0};
    size_t limit = 0;
    char line[256], text[160], ip[64], agent[64];
    long long t;
    unsigned page;

    if (file == NULL)
        return -1;
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "%lld\t%63s\t%63s\t/p/%u", &t, ip, agent, &page) != 4)
            continue;
        if (s.count == limit) {
            limit = limit == 0 ? 1024 : 2 * limit;
            s.event = realloc(s.event, limit * sizeof *s.event);
            if (s.event == NULL)
                abort();
        }
        snprintf(text, sizeof text, "%s|%s", ip, agent);
        s.event[s.count++] = (struct stream_event){
            .t = t, .visitor = hash_fast(text, strlen(text)), .page = page};
    }
    fclose(file);
    *ret_stream = s;
    return 0;
}

static int by_time(const void *a, const void *b)
{
    const struct stream_event *x = a, *y = b;
    return x->t < y->t ? -1 : x->t > y->t;
}

void stream_sort(struct stream *s)
{
    qsort(s->event, s->count, sizeof *s->event, by_time);
}

void stream_free(struct stream *s)
{
    free(s->event);
    *s = (struct stream){0};
}
