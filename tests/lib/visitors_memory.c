#include "lib/visitors_memory.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The head, the words and the sketches lie one after the other in one mapping. */
struct memory {
    alignas(64) _Atomic uint64_t word[VISITORS_WORDS];
    struct visitors head;
    struct distinct matrix;
    struct hll day[2], month;
};

struct visitors_table visitors_memory_new(int64_t base_slot)
{
    struct memory *m =
        mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED)
        abort();
    struct visitors_table t = {.head = &m->head,
                               .word = m->word,
                               .matrix = &m->matrix,
                               .day = {&m->day[0], &m->day[1]},
                               .month = &m->month};
    visitors_init(&t, base_slot);
    return t;
}

void visitors_memory_free(struct visitors_table *t)
{
    munmap(t->word, sizeof(struct memory));
    *t = (struct visitors_table){0};
}

void visitors_memory_reset(const struct visitors_table *t, int64_t base_slot)
{
    memset(t->word, 0, sizeof(struct memory));
    visitors_init(t, base_slot);
}

void visitors_memory_grow(const struct visitors_table *t)
{
    unsigned part;
    while (visitors_wants_part(t, &part))
        visitors_part_ready(t, part);
}

uint64_t visitors_memory_fp(uint64_t visitor)
{
    uint64_t z = (visitor + 1) * 0x9E3779B97F4A7C15U;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
    z = (z ^ z >> 27) * 0x94D049BB133111EBU;
    return visitors_fingerprint(z ^ z >> 31);
}
