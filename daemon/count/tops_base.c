/* Looked at by counting oneself in and out, as with keys: the object is replaced first, so
 * who comes later has the new one. */
#include <stdlib.h>
#include <time.h>

#include "count/site.h"
#include "count/top_sum.h"

void tops_base_free(struct tops_base *b)
{
    if (b == NULL)
        return;
    for (int d = 0; d < DIMENSIONS; d++)
        top_sum_release(&b->of[d]);
    free(b);
}

void site_tops_install(struct site *s, struct tops_base *b)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    struct tops_base *old =
        atomic_exchange_explicit(&s->tops.base, b, memory_order_seq_cst);

    if (old == NULL)
        return;
    while (atomic_load_explicit(&s->tops.base_readers, memory_order_seq_cst) > 0)
        nanosleep(&moment, NULL);
    tops_base_free(old);
}

static struct site_tops *tops_of(const struct site *s)
{
    return (struct site_tops *)(uintptr_t)&s->tops;
}

const struct tops_base *site_tops_base(const struct site *s, int64_t day)
{
    const struct tops_base *b;

    if (atomic_load_explicit(&s->tops.base, memory_order_relaxed) == NULL)
        return NULL;
    atomic_fetch_add_explicit(&tops_of(s)->base_readers, 1, memory_order_seq_cst);
    b = atomic_load_explicit(&s->tops.base, memory_order_seq_cst);
    if (b != NULL && b->day == day)
        return b;
    site_tops_base_let_go(s);
    return NULL;
}

void site_tops_base_let_go(const struct site *s)
{
    atomic_fetch_sub_explicit(&tops_of(s)->base_readers, 1, memory_order_release);
}

void top_sum_today(struct top_sum *s, const struct site *site, enum dimension d,
                   int64_t day)
{
    const struct tops_base *b = site_tops_base(site, day);
    const struct top_sum *of;

    (void)top_sum_live(s, site, d, day);
    if (b == NULL)
        return;
    of = &b->of[d];
    for (size_t i = 0; i < of->rows; i++)
        top_sum_add(s, top_sum_key(of, &of->row[i]), of->row[i].views,
                    of->row[i].visitors);
    top_sum_rest(s, of->other, of->error);
    site_tops_base_let_go(site);
}
