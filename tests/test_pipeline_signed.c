/* Signed datagrams: from bytes to counted, or to the reason why not. Nothing is asked of the
 * heap. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/writers.h"
#include "lib/heap.h"
#include "lib/world.h"
#include "pipeline.h"

#define SECRET "the secret of the cms, and nobody else's"

static struct world w;
static struct secret *secret;
static struct trust trust;

static void start(void)
{
    char file[128], list[160], sentence[512];
    FILE *f;

    world_open(&w, 2, "udp_trusted = 10.0.0.0/8\n[site a]\n",
               world_time("2024-05-15 12:00:00"));
    cr_assert_eq(senders_open(&w.pipeline.senders, w.arena), 0);
    world_ticks(&w, 2);
    snprintf(file, sizeof file, "%s/cms.key", w.dir.dir);
    f = fopen(file, "w");
    cr_assert_not_null(f);
    cr_assert_geq(fputs(SECRET "\n", f), 0);
    fclose(f);
    chmod(file, 0400);
    snprintf(list, sizeof list, "cms:%s", file);
    trust = w.trusted;
    cr_assert_eq(writers_load(&trust.writers, list, sentence), 0, "%s", sentence);
    cr_assert_eq(secret_new(&secret, SLICE(SECRET)), 0);
    atomic_store(&w.trust, &trust);
}

static void end(void)
{
    writers_free(trust.writers);
    secret_free(secret);
    world_close(&w);
}

/* `text` with its 32 zeros replaced. */
static void sign(char *text)
{
    static const char zeros[] = "00000000000000000000000000000000\n";
    struct slice pieces[3] = {slice_of(text), {NULL, 0}, {NULL, 0}};
    uint8_t mac[SECRET_MAC_BYTES];
    char hex[2 * SECRET_MAC_BYTES + 1];

    secret_mac(secret, pieces, mac);
    for (unsigned i = 0; i < SECRET_MAC_BYTES; i++)
        snprintf(hex + (size_t)2 * i, 3, "%02x", mac[i]);
    memcpy(strstr(text, zeros), hex, 32);
}

static void make(char text[512], const char *key, unsigned seq, int64_t ms,
                 const char *lines)
{
    snprintf(text, 512,
             "luot1 %s 00000000000000aa %u %lld 00000000000000000000000000000000\n%s",
             key, seq, (long long)ms, lines);
    sign(text);
}

static void send(struct slice datagram)
{
    struct address from;

    cr_assert_eq(address_parse(&from, SLICE("198.51.100.9")), 0); /* not trusted */
    pipeline_begin(&w.pipeline, w.now);
    heap_watch(true);
    pipeline_datagram(&w.pipeline, datagram, &from);
    heap_watch(false);
    cr_expect_eq(heap_asked(), 0);
    (void)pipeline_end(&w.pipeline);
}

static uint64_t ended(enum outcome outcome)
{
    struct metrics_total total;

    metrics_sum(&w.row, 1, &total);
    return metrics_of_outcome(&total, outcome);
}

static void expect_received(uint64_t lines)
{
    struct metrics_total total;
    uint64_t sum = 0;

    metrics_sum(&w.row, 1, &total);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        sum += metrics_of_outcome(&total, (enum outcome)i);
    cr_expect_eq(total.received, lines);
    cr_expect_eq(sum, lines);
}

Test(signed_datagram, counts_whoever_it_names)
{
    char text[512];

    start();
    make(text, "cms", 1, w.now.ms,
         "s=a&p=/&i=203.0.113.1&u=x\ns=a&p=/&i=203.0.113.2&u=x");
    send(slice_of(text));
    cr_expect_eq(ended(OUTCOME_VIEW), 2u);
    cr_expect_eq(world_metric(&w, "a", SPAN_TODAY, METRIC_VISITORS), 2u);
    expect_received(2);
    end();
}

Test(signed_datagram, counts_once)
{
    char text[512];

    start();
    make(text, "cms", 1, w.now.ms, "s=a&p=/\ns=a&p=/");
    for (int i = 0; i < 3; i++)
        send(slice_of(text));
    cr_expect_eq(ended(OUTCOME_VIEW), 2u);
    cr_expect_eq(ended(OUTCOME_REPLAY), 4u);
    expect_received(6);
    end();
}

Test(signed_datagram, is_of_this_minute)
{
    char text[512];
    unsigned seq = 0;

    start();
    for (int64_t s = -61; s <= 61; s += s == -61 || s == 60 ? 1 : 120) {
        make(text, "cms", ++seq, w.now.ms + s * 1000, "s=a&p=/");
        send(slice_of(text));
    }
    cr_expect_eq(ended(OUTCOME_VIEW), 2u);
    cr_expect_eq(ended(OUTCOME_REPLAY), 2u);
    end();
}

/* Each byte of the datagram, one after the other, is another one: none is believed, and what
 * is not a header at all is judged like any stranger's datagram. */
Test(signed_datagram, is_refused_when_any_bit_is_changed)
{
    char text[512];
    size_t length;

    start();
    make(text, "cms", 1, w.now.ms, "s=a&p=/\ns=a&p=/tin-tuc");
    length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        text[i] ^= 1;
        send((struct slice){text, length});
        text[i] ^= 1;
    }
    cr_expect_eq(ended(OUTCOME_VIEW), 0u);
    cr_expect_gt(ended(OUTCOME_MAC), length);
    send((struct slice){text, length});
    cr_expect_eq(ended(OUTCOME_VIEW), 2u);
    end();
}

Test(signed_datagram, needs_a_writer_that_there_is)
{
    char text[512];

    start();
    make(text, "other", 1, w.now.ms, "s=a&p=/");
    send(slice_of(text));
    cr_expect_eq(ended(OUTCOME_MAC), 1u);
    trust.writers = NULL;
    make(text, "cms", 1, w.now.ms, "s=a&p=/");
    send(slice_of(text));
    cr_expect_eq(ended(OUTCOME_MAC), 2u);
    expect_received(2);
    end();
}

Test(signed_datagram, needs_a_place_among_the_senders)
{
    char text[512];

    start();
    w.pipeline.senders = NULL;
    make(text, "cms", 1, w.now.ms, "s=a&p=/\ns=a&p=/");
    send(slice_of(text));
    cr_expect_eq(ended(OUTCOME_SENDERS), 2u);
    expect_received(2);
    end();
}

Test(signed_datagram, without_lines_is_one_that_is_malformed)
{
    char text[512];

    start();
    make(text, "cms", 1, w.now.ms, "");
    send(slice_of(text));
    send(SLICE("luot1 nonsense"));
    send(SLICE("luot1 nonsense\ns=a\ns=a"));
    cr_expect_eq(ended(OUTCOME_MALFORMED), 4u);
    expect_received(4);
    end();
}

/* What is not signed is what it was: by the address it comes from. */
Test(signed_datagram, leaves_the_others_as_they_were)
{
    start();
    send(SLICE("s=a&p=/\ns=a&p=/"));
    cr_expect_eq(ended(OUTCOME_UNTRUSTED), 2u);
    end();
}

static enum outcome post(const char *address, bool trusted, bool mistrusted)
{
    struct sender sender = {.http = true,
                            .trusted = trusted,
                            .mistrusted = mistrusted,
                            .user_agent = SLICE("x")};
    struct site *site;
    enum outcome outcome;

    cr_assert_eq(address_parse(&sender.address, slice_of(address)), 0);
    pipeline_begin(&w.pipeline, w.now);
    outcome = pipeline_lines(
        &w.pipeline, SLICE("s=a&p=/&i=203.0.113.1&u=y\ns=a&p=/&i=203.0.113.2&u=y"),
        &sender, &site);
    (void)pipeline_end(&w.pipeline);
    return outcome;
}

Test(writer_token, lets_a_request_name_the_visitor)
{
    start();
    cr_expect_eq(post("198.51.100.9", false, false), OUTCOME_VIEW);
    cr_expect_eq(world_metric(&w, "a", SPAN_TODAY, METRIC_VISITORS), 1u);
    cr_expect_eq(post("198.51.100.9", true, false), OUTCOME_VIEW);
    cr_expect_eq(world_metric(&w, "a", SPAN_TODAY, METRIC_VISITORS), 3u);
    end();
}

Test(writer_token, that_nobody_has_is_refused)
{
    start();
    cr_expect_eq(post("198.51.100.9", false, true), OUTCOME_UNTRUSTED);
    cr_expect_eq(ended(OUTCOME_UNTRUSTED), 2u);
    expect_received(2);
    end();
}
