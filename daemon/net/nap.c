#include "net/nap.h"

static const uint64_t second_ns = 1000000000;

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* A rate as it is now, but never less than half of what it was. */
static uint64_t followed(uint64_t before, uint64_t count, uint64_t elapsed_ns)
{
    uint64_t now = count * second_ns / (elapsed_ns > 0 ? elapsed_ns : 1);
    return now > before / 2 ? now : before / 2;
}

uint64_t nap_length(uint64_t room, uint64_t bytes_a_second)
{
    if (bytes_a_second == 0)
        return NAP_NS_MAX;
    return smaller(NAP_NS_MAX, room * (second_ns / 4) / bytes_a_second);
}

void nap_over(struct nap *n, uint64_t now_ns, uint64_t held)
{
    n->bytes = followed(n->bytes, held, now_ns - n->since_ns);
}

/* Polled again, and as if nothing had come before. */
static uint64_t wake_up(struct nap *n, uint64_t now_ns)
{
    *n = (struct nap){.since_ns = now_ns};
    return 0;
}

uint64_t nap_next(struct nap *n, uint64_t now_ns, uint64_t came, uint64_t room)
{
    bool polled = n->length_ns == 0;
    uint64_t elapsed = now_ns - n->since_ns, least = polled ? NAP_BEGINS : NAP_GOES_ON;

    n->came += came;
    if (polled && elapsed < NAP_NS_MAX)
        return 0;
    n->messages = followed(n->messages, n->came, elapsed);
    if (n->messages < least)
        return wake_up(n, now_ns);
    n->length_ns =
        polled ? NAP_NS_FIRST : smaller(2 * n->length_ns, nap_length(room, n->bytes));
    if (n->length_ns < NAP_NS_MIN)
        return wake_up(n, now_ns);
    n->since_ns = now_ns;
    n->came = 0;
    return n->length_ns;
}
