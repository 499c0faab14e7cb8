#include "identify/visitor.h"

#include "luot_beacon.h"

enum {
    HOST_MAX = 255,
    INPUT_MAX = LUOT_SITE_KEY_MAX + 1 + HOST_MAX + 1 + LUOT_USER_AGENT_MAX
};

static size_t append(char *input, size_t length, struct slice more, size_t limit)
{
    size_t n = more.length < limit ? more.length : limit;

    if (n > 0)
        memcpy(input + length, more.at, n);
    return length + n;
}

static uint64_t hash_of(const struct hash_key *key, struct slice site, struct slice who,
                        struct slice user_agent)
{
    char input[INPUT_MAX];
    size_t length = append(input, 0, site, LUOT_SITE_KEY_MAX);

    input[length++] = '\0';
    length = append(input, length, who, HOST_MAX + 1);
    length = append(input, length, user_agent, LUOT_USER_AGENT_MAX);
    return hash_keyed(key, input, length);
}

uint64_t visitor_hash(const struct hash_key *key, struct slice site,
                      const struct address *unit, struct slice user_agent)
{
    struct slice who = {(const char *)unit->bytes, sizeof unit->bytes};

    return hash_of(key, site, who, user_agent);
}

uint64_t visitor_hash_name(const struct hash_key *key, struct slice site,
                           struct slice host, struct slice user_agent)
{
    char who[HOST_MAX + 1];
    size_t length = append(who, 0, host, HOST_MAX);

    who[length++] = '\0'; /* a name ends: "ab" + "c" is not "a" + "bc" */
    return hash_of(key, site, (struct slice){who, length}, user_agent);
}
