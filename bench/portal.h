/* What a portal sends in a day, as beacons over UDP: visitors with an address and an agent
 * each, pages and agents by Zipf, referrers as they are found; from a fixed seed. Two kinds:
 *
 *   known  so many visitors again and again, with some 2,400 agents
 *   new    every line another visitor, with an agent that nobody had before
 *
 * Addresses are of the whole internet, one in five IPv6. A line has some 270 bytes, escaped
 * as browsers escape. */
#ifndef LUOT_BENCH_PORTAL_H
#define LUOT_BENCH_PORTAL_H

#include <stdbool.h>
#include <stdlib.h>

#include "agents.h"
#include "beacons.h"

enum {
    PORTAL_AGENTS = 2400,
    PORTAL_PAGES = 1000,
    PORTAL_LINE_MAX = 1024,
    PORTAL_PATH_MAX = 64
};

struct portal {
    double agents[PORTAL_AGENTS], pages[PORTAL_PAGES]; /* Zipf: shares, added up */
    uint64_t state;
    unsigned visitors; /* 0: every line is a new one's */
    unsigned next;     /* the next new visitor         */
};

struct lines { /* datagrams, one after the other; lines_free() */
    char *bytes;
    size_t *end; /* of each */
    size_t count;
    unsigned each; /* lines in a datagram */
};

static inline void portal_zipf(double *share, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        share[i] = sum += 1 / (double)(i + 1);
    for (size_t i = 0; i < n; i++)
        share[i] /= sum;
}

static inline size_t portal_choose(const double *share, size_t n, uint64_t random)
{
    double at = (double)(random >> 11) / (double)(UINT64_C(1) << 53);
    size_t low = 0;

    while (n > 1) {
        size_t half = n / 2;

        low = share[low + half - 1] <= at ? low + half : low;
        n -= half;
    }
    return low;
}

static inline void portal_begin(struct portal *p, unsigned visitors)
{
    *p = (struct portal){.state = 1, .visitors = visitors};
    portal_zipf(p->agents, PORTAL_AGENTS);
    portal_zipf(p->pages, PORTAL_PAGES);
}

static inline char *portal_escape(char *to, struct slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];

        if (c == ' ')
            *to++ = '+';
        else if (strchr("/:;,()=&+%[]", c) != NULL)
            to += sprintf(to, "%%%02X", (unsigned char)c);
        else
            *to++ = c;
    }
    return to;
}

static inline int portal_address(char *to, uint64_t who)
{
    uint64_t r = beacons_random(&who);

    if (r % 5 == 0)
        return sprintf(to, "2001:ee0:%x:%x::%x", (unsigned)(r >> 8 & 0xffff),
                       (unsigned)(r >> 24 & 0xffff), (unsigned)(r >> 40 & 0xffff));
    return sprintf(to, "%u.%u.%u.%u", 1 + (unsigned)((r >> 8) % 223),
                   (unsigned)(r >> 16 & 255), (unsigned)(r >> 24 & 255),
                   (unsigned)(r >> 32 & 255));
}

/* Some two in five come from a search, one in five from a page of the same site. */
static inline const char *portal_referrer(uint64_t random)
{
    static const char *const from[] = {"https://www.google.com/",
                                       "https://www.google.com/",
                                       "https://www.google.com.vn",
                                       "https://coccoc.com/search?query=lich",
                                       "https://www.bing.com/",
                                       "https://soyte.example.gov.vn/",
                                       "https://soyte.example.gov.vn/tin-tuc/chi-tiet",
                                       "https://m.facebook.com/",
                                       "https://l.facebook.com/",
                                       "https://zalo.me/",
                                       "https://chinhphu.vn/",
                                       "https://dantri.com.vn/a",
                                       "",
                                       "",
                                       ""};

    return from[random % (sizeof from / sizeof from[0])];
}

static inline size_t portal_line(struct portal *p, char line[PORTAL_LINE_MAX])
{
    bool new = p->visitors == 0;
    uint64_t who = new ? p->next++ : beacons_random(&p->state) % p->visitors;
    uint64_t his = who ^ 0x5851f42d4c957f2d, r = beacons_random(&p->state);
    size_t page = portal_choose(p->pages, PORTAL_PAGES, beacons_random(&p->state));
    unsigned agent =
        new ? (unsigned)who
            : (unsigned)portal_choose(p->agents, PORTAL_AGENTS, beacons_random(&his));
    char text[AGENT_BYTES], *to = line;
    struct slice path = {text, (size_t)sprintf(text, "/tin-tuc/bai-viet-%04zu", page)};

    to += sprintf(to, "s=soyte&p=");
    to = portal_escape(to, path);
    if (portal_referrer(r)[0] != '\0') {
        to += sprintf(to, "&r=");
        to = portal_escape(to, slice_of(portal_referrer(r)));
    }
    to += sprintf(to, "&i=");
    to += portal_address(to, new ? who ^ UINT64_C(1) << 40 : who);
    to += sprintf(to, "&u=");
    to = portal_escape(to, agents_write(text, AGENT_PEOPLE, agent));
    to += sprintf(to, "&w=%u&l=%s",
                  who % 3 == 0   ? 1920u
                  : who % 3 == 1 ? 390u
                                 : 1366u,
                  who % 16 == 0 ? "en-US" : "vi-VN");
    return (size_t)(to - line);
}

static inline void lines_free(struct lines *l)
{
    free(l->bytes);
    free(l->end);
}

/* false: no memory. */
static inline bool lines_make(struct lines *ret, struct portal *p, size_t datagrams,
                              unsigned each)
{
    struct lines l = {.count = datagrams, .each = each};
    size_t at = 0;

    l.bytes = malloc(datagrams * each * PORTAL_LINE_MAX);
    l.end = malloc(datagrams * sizeof *l.end);
    if (l.bytes == NULL || l.end == NULL) {
        lines_free(&l);
        return false;
    }
    for (size_t i = 0; i < datagrams; i++) {
        for (unsigned j = 0; j < each; j++) {
            at += portal_line(p, l.bytes + at);
            if (j + 1 < each)
                l.bytes[at++] = '\n';
        }
        l.end[i] = at;
    }
    *ret = l;
    return true;
}

static inline struct slice lines_at(const struct lines *l, size_t i)
{
    size_t from = i == 0 ? 0 : l->end[i - 1];

    return (struct slice){l->bytes + from, l->end[i] - from};
}

#endif
