#include "count/met.h"

#include <criterion/criterion.h>

#include "base/hash.h"

static struct met *make(void)
{
    struct met *m;

    cr_assert_eq(hash_start(), 0);
    m = met_new();
    cr_assert_not_null(m);
    return m;
}

static void put(struct met *m, uint64_t who)
{
    struct met_visitor *place = NULL;

    if (met_find(m, who, &place) == NULL)
        *place = (struct met_visitor){.who = who, .fp = who + 5, .at = VISITORS_NOWHERE};
}

static bool is_there(struct met *m, uint64_t who)
{
    struct met_visitor *place, *found = met_find(m, who, &place);

    return found != NULL && found->fp == who + 5 && found->at == VISITORS_NOWHERE;
}

Test(met, as_many_as_there_are_ways_share_a_set_and_one_more_takes_the_place_of_one)
{
    struct met *m = make();
    unsigned there = 0;

    for (uint64_t i = 0; i < MET_WAYS; i++) {
        put(m, 3 + i * MET_VISITORS);
        for (uint64_t j = 0; j <= i; j++)
            cr_expect(is_there(m, 3 + j * MET_VISITORS));
    }
    put(m, 3 + MET_WAYS * MET_VISITORS);
    cr_expect(is_there(m, 3 + MET_WAYS * MET_VISITORS));
    for (uint64_t i = 0; i < MET_WAYS; i++)
        there += is_there(m, 3 + i * MET_VISITORS);
    cr_expect_eq(there, MET_WAYS - 1, "one of them had to go");
    met_free(m);
}

Test(met, what_is_forgotten_is_zero_and_the_next_hashes_are_others)
{
    static const struct met_visitor nobody[MET_VISITORS];
    struct met *m = make();
    struct hash_text_key before = m->secret;

    for (uint64_t who = 1; who < 3 * MET_VISITORS; who += 7)
        put(m, who);
    met_forget(m);
    cr_expect_eq(memcmp(m->visitor, nobody, sizeof nobody), 0);
    cr_expect_neq(memcmp(&m->secret, &before, sizeof before), 0);
    met_free(m);
}
