#include "identify/agent_cache.h"

#include <criterion/criterion.h>
#include <string.h>

Test(agent_cache, what_is_forgotten_is_zero_and_can_come_again)
{
    static const struct agent_entry nothing;
    struct agent_cache *cache;
    struct agent_entry *entry[64];

    cr_assert_eq(agent_cache_new(&cache, 2048), 0);
    for (uint64_t i = 0; i < 64; i++) { /* more than a set has room for, too */
        entry[i] = agent_cache_put(cache, i < 32 ? i : i * 2048);
        memcpy(entry[i]->name, "Chrome 126", 10);
        entry[i]->name_length = 10;
    }
    cr_expect_not_null(agent_cache_find(cache, 63 * 2048));
    agent_cache_forget(cache);
    for (uint64_t i = 0; i < 64; i++) {
        cr_expect_null(agent_cache_find(cache, i < 32 ? i : i * 2048));
        cr_expect_eq(memcmp(entry[i], &nothing, sizeof nothing), 0);
    }
    (void)agent_cache_put(cache, 5);
    cr_expect_not_null(agent_cache_find(cache, 5));
    agent_cache_free(cache);
}
