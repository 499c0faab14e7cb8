#include "base/forget.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { STACK = 512 << 10, LEFT = 32 << 10 };

/* A thread on a stack of ours, which we may look at. */
struct thread {
    char *stack;
    bool forgets;
    int left;
};

/* Leaves bytes on its thread's stack. */
static __attribute__((noinline)) char leave(void)
{
    volatile char mine[LEFT];

    for (int i = 0; i < LEFT; i++)
        mine[i] = 'x';
    return mine[LEFT / 2];
}

/* Before the thread ends: then the C library gives its pages back. */
static void *run(void *argument)
{
    struct thread *t = argument;

    (void)leave();
    if (t->forgets)
        forget_stack();
    for (int i = 0; i < STACK; i++)
        t->left += t->stack[i] == 'x';
    return NULL;
}

static int left_by(bool forgets)
{
    struct thread t = {.stack = aligned_alloc(4096, STACK), .forgets = forgets};
    pthread_attr_t attributes;
    pthread_t thread;

    cr_assert_not_null(t.stack);
    memset(t.stack, 0, STACK);
    cr_assert_eq(pthread_attr_init(&attributes), 0);
    cr_assert_eq(pthread_attr_setstack(&attributes, t.stack, STACK), 0);
    cr_assert_eq(pthread_create(&thread, &attributes, run, &t), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
    free(t.stack);
    return t.left;
}

Test(forget, what_calls_left_on_the_stack_is_gone)
{
    int kept = left_by(false), forgotten = left_by(true);

    cr_assert_geq(kept, LEFT, "the test sees what a call leaves, not %d", kept);
    cr_expect_lt(forgotten, 64, "%d", forgotten); /* an 'x' by chance */
}

Test(forget, what_is_freed_is_zero_first)
{
    char *memory = malloc(4096);

    cr_assert_not_null(memory);
    memset(memory, 'x', 4096);
    forget_free(memory, 4096);
    forget_free(NULL, 0);
    memory = malloc(4096); /* nothing else asks meanwhile: the same block */
    cr_assert_not_null(memory);
    for (int i = 64; i < 4096; i++) /* the allocator writes at its start */
        cr_expect_neq(((volatile char *)memory)[i], 'x');
    free(memory);
}
