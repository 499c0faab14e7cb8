#include "parse/signed.h"
#include "pipeline_inner.h"

static uint64_t lines_in(struct slice lines)
{
    struct slice line;
    uint64_t n = 0;

    while (beacon_next_line(&lines, &line))
        n++;
    return n;
}

static void refuse(struct pipeline *p, uint64_t n, enum outcome outcome)
{
    metrics_bump(p->row, received, n);
    metrics_outcome(p->row, outcome, n);
}

void pipeline_refuse_rest(struct pipeline *p, struct slice rest, unsigned taken)
{
    if (rest.length > 0)
        refuse(p, lines_in(rest), OUTCOME_TOO_MANY_LINES);
    if (taken == 0)
        refuse(p, 1, OUTCOME_MALFORMED);
}

enum outcome pipeline_lines(struct pipeline *p, struct slice body,
                            const struct sender *sender, struct site **ret_site)
{
    enum outcome best = OUTCOME_COUNT, outcome;
    struct site *site;
    unsigned n = 0;

    *ret_site = NULL;
    for (; n < LUOT_LINES_MAX && body.length > 0; n++) {
        outcome = pipeline_next_line(p, &body, sender, &site);
        if (best == OUTCOME_COUNT || outcome_class(outcome) < outcome_class(best)) {
            best = outcome;
            *ret_site = site;
        }
    }
    pipeline_refuse_rest(p, body, n);
    return n > 0 ? best : OUTCOME_MALFORMED;
}

/* Lines that are refused unread are received all the same; nothing at all is one line
 * with nothing in it. */
static void refuse_all(struct pipeline *p, struct slice datagram, enum outcome outcome)
{
    refuse(p, datagram.length > 0 ? lines_in(datagram) : 1, outcome);
}

/* --- Signed --- */

static enum outcome seen_before(struct pipeline *p, const struct writer *writer,
                                const struct signed_header *h)
{
    struct senders_gap gap;
    enum senders_verdict verdict = senders_take(
        p->senders, sender_id(slice_of(writer->id), h->sender), h->seq, p->now.ms, &gap);

    metrics_bump(p->row, udp_signed_skipped, gap.skipped);
    metrics_bump(p->row, udp_signed_late, gap.late);
    return verdict == SENDERS_NEW    ? OUTCOME_VIEW
           : verdict == SENDERS_FULL ? OUTCOME_SENDERS
                                     : OUTCOME_REPLAY;
}

static bool is_of_now(const struct pipeline *p, int64_t unix_ms)
{
    int64_t ms = (int64_t)SENDERS_TIME_S * 1000;

    return unix_ms >= p->now.ms - ms && unix_ms <= p->now.ms + ms;
}

/* OUTCOME_VIEW stands for "believed". The signature first: what strangers send costs a hash
 * and leaves nothing. */
static enum outcome believe(struct pipeline *p, const struct trust *trust,
                            const struct signed_header *h)
{
    const struct writer *writer = writers_find(trust->writers, h->key_id);
    uint8_t mac[SECRET_MAC_BYTES];

    if (writer == NULL)
        return OUTCOME_MAC;
    secret_mac(writer->secret, h->covered, mac);
    if (!secret_mac_equal(mac, h->mac))
        return OUTCOME_MAC;
    if (!is_of_now(p, h->unix_ms))
        return OUTCOME_REPLAY;
    return p->senders == NULL ? OUTCOME_SENDERS : seen_before(p, writer, h);
}

/* The first line is not a beacon's, and is not counted as one. */
static void take_signed(struct pipeline *p, const struct trust *trust,
                        struct slice datagram, const struct address *from)
{
    struct signed_header header;
    enum outcome outcome = OUTCOME_MALFORMED;

    metrics_bump(p->row, udp_signed, 1);
    if (signed_parse(&header, datagram) == 0) {
        outcome = believe(p, trust, &header);
        datagram = header.body;
    } else {
        (void)slice_cut(&datagram, '\n');
    }
    if (outcome == OUTCOME_VIEW)
        pipeline_group_take(p, datagram, from);
    else
        refuse_all(p, datagram, outcome);
}

/* Asked of each datagram, which in a turn are of one sender, or of few. */
static bool is_trusted(struct pipeline *p, const struct trust *trust,
                       const struct address *from)
{
    struct turn_common *c = &p->common;

    if (c->trust == trust && address_equal(&c->from, from))
        return true;
    if (!networks_contain(&trust->udp, from))
        return false;
    c->trust = trust;
    c->from = *from;
    return true;
}

void pipeline_datagram(struct pipeline *p, struct slice datagram,
                       const struct address *from)
{
    const struct trust *trust = atomic_load_explicit(p->trust, memory_order_seq_cst);

    if (signed_is(datagram) && datagram.length <= LUOT_DATAGRAM_MAX)
        take_signed(p, trust, datagram, from);
    else if (!is_trusted(p, trust, from))
        refuse_all(p, datagram, OUTCOME_UNTRUSTED);
    else if (datagram.length > LUOT_DATAGRAM_MAX)
        refuse_all(p, datagram, OUTCOME_TOO_LONG);
    else
        pipeline_group_take(p, datagram, from);
}
