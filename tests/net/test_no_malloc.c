/* The paths of a datagram and of a request on an open connection ask the heap for
 * nothing. libuv's calls go through its own allocator hook. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "lib/heap.h"
#include "net/served.h"

Test(no_malloc, the_counter_counts)
{
    heap_watch(true);
    void *volatile seen = malloc(1); /* volatile: or both calls are optimised away */
    free(seen);
    heap_watch(false);
    cr_expect_eq(heap_asked(), 2);
}

Test(no_malloc, datagrams_and_requests_allocate_nothing)
{
    enum { ROUNDS = 50 };
    static const char pipelined[] =
        "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
        "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
        "GET /big?100000 HTTP/1.1\r\nHost: x\r\n\r\n"
        "GET /c HTTP/1.1\r\nHost: x";
    struct served s;
    cr_assert_eq(
        uv_replace_allocator(__wrap_malloc, __wrap_realloc, __wrap_calloc, __wrap_free),
        0);
    served_init(&s);
    served_start(&s);
    struct client *c = client_new(s.port);
    int fd = sender_new(s.port);
    client_send(c, "GET /warm HTTP/1.1\r\nHost: x\r\n\r\n");
    cr_assert(client_answer(c, false));
    heap_watch(true);
    for (int i = 0; i < ROUNDS; i++) {
        cr_assert_eq(send(fd, "s=demo", 6, 0), 6);
        client_send_bytes(c, pipelined, sizeof pipelined - 1);
        client_send(c, "\r\n\r\n");
        for (int k = 0; k < 4; k++)
            cr_assert(client_answer(c, false));
        cr_assert(served_datagrams(&s, (unsigned)i + 1));
    }
    heap_watch(false);
    cr_expect_eq(heap_asked(), 0);
    client_free(c);
    close(fd);
    served_stop(&s);
}
