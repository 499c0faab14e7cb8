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

Test(met, two_share_two_places_and_a_third_takes_one)
{
    struct met *m = make();

    put(m, 3);
    put(m, 3 + MET_VISITORS);
    cr_expect(is_there(m, 3) && is_there(m, 3 + MET_VISITORS));
    put(m, 3 + 2 * MET_VISITORS);
    cr_expect(is_there(m, 3 + 2 * MET_VISITORS));
    cr_expect_neq(is_there(m, 3), is_there(m, 3 + MET_VISITORS), "one of them had to go");
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
