/* Beacons to send: the lines of a file that lib/input.mjs made, and the visitors that they
 * come from.
 *
 * The file's first line is `visitors N`; each other one is a visitor's number, a tab and a
 * beacon. Visitors are numbered by how often they come, by Zipf's law with the exponent
 * 0.6: of ten thousand the first sends 2.5 % of all lines, so that a flood does not meet the
 * limits that one address has. The first POOL_HEAD of them are as the file says. A line of
 * any later one gets another of these each time that it is sent, so that a file of some ten
 * thousand lines speaks for millions of visitors: its address is written anew, in place. An
 * agent belongs to a visitor's number modulo POOL_HEAD, which never changes.
 *
 * A site's name has four characters: `demo`, or s001, s002, … in base 36. */
#ifndef LUOT_BENCH_POOL_H
#define LUOT_BENCH_POOL_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    POOL_HEAD = 8192,
    POOL_LINE_MAX = 2048,
    POOL_ADDRESS = 15, /* 101.100.100.100: always so long */
    POOL_SITE = 4
};

struct pool_line {
    const char *at;   /* the beacon                                   */
    uint32_t visitor; /* as the file says                             */
    uint16_t length;  /* bytes                                        */
    uint16_t address; /* where it begins; 0: this line has none       */
    uint16_t site;    /* likewise                                     */
};

struct pool {
    char *text; /* the whole file */
    struct pool_line *line;
    size_t count;
    uint32_t visitors;
    double head;    /* the head's share of all lines                  */
    uint32_t sites; /* 1: only demo; the lines go to them in turn      */
    uint32_t each;  /* not 0: so many visitors in turn, each with a line that is his   */
    uint64_t turn;  /* lines written                                   */
    uint64_t random;
};

static inline uint64_t pool_random(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* lib/input.mjs has the same: each number its own address, all over the internet. */
static inline void pool_address(char *at, uint64_t visitor)
{
    static const uint8_t none[] = {127, 169, 192,
                                   198}; /* not of the internet, or in part */
    uint64_t mixed = visitor * 7368787 % (119u * 156 * 156 * 156);
    unsigned octet[4] = {101 + (unsigned)(mixed % 119),
                         100 + (unsigned)(mixed / 119 % 156),
                         100 + (unsigned)(mixed / (119 * 156) % 156),
                         100 + (unsigned)(mixed / (119 * 156 * 156))};

    for (size_t i = 0; i < sizeof none; i++)
        octet[0] += octet[0] >= none[i];
    for (int i = 0; i < 4; i++) {
        at[4 * i] = (char)('0' + octet[i] / 100);
        at[4 * i + 1] = (char)('0' + octet[i] / 10 % 10);
        at[4 * i + 2] = (char)('0' + octet[i] % 10);
    }
}

static inline void pool_site(char *at, uint32_t site)
{
    static const char digit[] = "0123456789abcdefghijklmnopqrstuvwxyz";

    if (site == 0)
        return;
    at[0] = 's';
    for (int i = 3; i > 0; i--, site /= 36)
        at[i] = digit[site % 36];
}

/* Who of those beyond the head this line is of now: Zipf's, with the same agent. */
static inline uint32_t pool_visitor(struct pool *p, const struct pool_line *line)
{
    double u = (double)(pool_random(&p->random) >> 11) * 0x1p-53;
    uint32_t who;

    u = p->head + u * (1 - p->head);
    who = (uint32_t)((double)p->visitors * u * u * sqrt(u));
    who = who - who % POOL_HEAD + line->visitor % POOL_HEAD;
    return who < p->visitors ? who : who - POOL_HEAD;
}

/* Line i as it is sent this time; returns its bytes. `to` has room for POOL_LINE_MAX. */
static inline size_t pool_write(struct pool *p, size_t i, char *to)
{
    const struct pool_line *line = &p->line[i];

    memcpy(to, line->at, line->length);
    if (line->address > 0 && p->each > 0)
        pool_address(to + line->address, p->turn % p->each);
    else if (line->address > 0 && line->visitor >= POOL_HEAD)
        pool_address(to + line->address, pool_visitor(p, line));
    if (line->site > 0 && p->sites > 1)
        pool_site(to + line->site, (uint32_t)(p->turn % p->sites));
    p->turn++;
    return line->length;
}

/* The line that comes after line i. */
static inline size_t pool_next(const struct pool *p, size_t i)
{
    if (p->each > 0)
        return p->turn % p->each % p->count;
    return i + 1 < p->count ? i + 1 : 0;
}

static inline bool pool_read_line(struct pool_line *line, char *at, char *end)
{
    char *tab = memchr(at, '\t', (size_t)(end - at)), *found;

    if (tab == NULL || end - tab > POOL_LINE_MAX)
        return false;
    *end = '\0';
    *line = (struct pool_line){
        .at = tab + 1,
        .length = (uint16_t)(end - tab - 1),
        .visitor = (uint32_t)strtoul(at, NULL, 10),
    };
    if ((found = strstr(tab, "&i=")) != NULL)
        line->address = (uint16_t)(found + 3 - line->at);
    if (strncmp(tab + 1, "s=", 2) == 0)
        line->site = 2;
    return true;
}

/* The whole file, or NULL; its bytes are free()'s. */
static inline char *pool_text(const char *file, size_t *ret_length)
{
    FILE *f = fopen(file, "rb");
    char *text = NULL;
    long length;

    if (f == NULL)
        return NULL;
    if (fseek(f, 0, SEEK_END) == 0 && (length = ftell(f)) > 0 &&
        fseek(f, 0, SEEK_SET) == 0 && (text = malloc((size_t)length + 1)) != NULL) {
        *ret_length = fread(text, 1, (size_t)length, f);
        text[*ret_length] = '\0';
    }
    fclose(f);
    return text;
}

/* false: the file is not there, or is not what lib/input.mjs makes. */
static inline bool pool_open(struct pool *p, const char *file)
{
    size_t length = 0, room = 1;
    char *at, *end;

    *p = (struct pool){.text = pool_text(file, &length), .sites = 1, .random = 1};
    if (p->text == NULL || sscanf(p->text, "visitors %u\n", &p->visitors) != 1 ||
        p->visitors < POOL_HEAD)
        return false;
    p->head = pow((double)POOL_HEAD / p->visitors, 0.4);
    for (size_t i = 0; i < length; i++)
        room += p->text[i] == '\n';
    p->line = calloc(room, sizeof *p->line);
    if (p->line == NULL)
        return false;
    for (at = strchr(p->text, '\n') + 1; (end = strchr(at, '\n')) != NULL; at = end + 1)
        if (!pool_read_line(&p->line[p->count++], at, end))
            return false;
    return p->count > 0;
}

static inline void pool_close(struct pool *p)
{
    free(p->line);
    free(p->text);
}

#endif
