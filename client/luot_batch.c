/* The happy path: luot_batch_add copies lines, each with its newline, one behind
 * another.
 *
 *     bytes      |line line line pad|line line line pad|line line      |     |
 *     datagrams   0                  1                  2 (open)
 *
 * When the last datagram is full, everything leaves in one system call. UDP_SEGMENT
 * (Linux 4.18) lets one message carry many datagrams, which costs the kernel little
 * more than one, and a receiver with UDP_GRO gets it in one piece. All segments but
 * the last must be of one size. Lines differ in length, so a full datagram is short of
 * plan->bytes by about half a line; this gap is filled with `&_=000` behind its last
 * line, a key without a meaning (luot_beacon.h). A gap of more than an eighth is left:
 * that datagram ends its message. What is longer than plan->bytes (one long line)
 * never shares a message, since the path may not carry it whole.
 *
 * It fails when:
 *   the socket buffer is full       the rest of the batch is dropped: waiting is not ours
 *   the kernel or the device does   the same datagrams go again, one a message; this
 *   not do UDP_SEGMENT              socket does not try it again
 *   nobody listens (ECONNREFUSED)   that was about an earlier datagram: counted, then
 *                                   sent again
 *   anything else                   that message is lost and counted, the others have
 *                                   their try, and the next send begins with a new
 *                                   socket, which finds new routes and addresses
 *
 * Each turn of the loop in luot_batch_send sends or loses a message, or uses up one of
 * a few second chances, so it ends. */
#include "luot_batch.h"

#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "luot_beacon.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum {
    SEGMENTS_MAX = 64,                  /* UDP_MAX_SEGMENTS of the first kernels */
    MESSAGE_MAX = 65000,                /* bytes: UDP's 65,535, less all headers */
    PAD_SHARE = 8,                      /* at most an eighth of a datagram       */
    SECOND_CHANCES = 3,                 /* a send: interruptions and refusals    */
    LONGEST_LINE = LUOT_BEACON_MAX + 1, /* bytes, with its newline               */
};

struct datagram {
    size_t start;   /* in bytes[]                */
    size_t length;  /* with newlines, padding, and the room for a signature */
    unsigned lines; /* 1 to plan->lines          */
};

union control {
    char bytes[CMSG_SPACE(sizeof(uint16_t))];
    struct cmsghdr align;
};

struct luot_batch {
    const struct luot_plan *plan;
    struct luot_stats stats; /* but for waiting                           */
    int fd;                  /* -1: none                                  */
    dev_t device;            /* with inode: what fd was when we opened it */
    ino_t inode;
    bool segments;      /* as far as we know, fd does UDP_SEGMENT       */
    bool one_by_one;    /* there is no sendmmsg                         */
    unsigned count;     /* of datagrams; the last one is open           */
    size_t used;        /* of bytes                                     */
    size_t size;        /* of bytes                                     */
    size_t last_line;   /* length of the last line, without its newline */
    uint64_t oldest_ms; /* when the first line came                     */
    uint64_t sender;    /* of signed datagrams: which process we are    */
    uint64_t seq;       /* of the last one that was signed              */
    struct datagram datagrams[LUOT_BATCH_DATAGRAMS_MAX];
    struct mmsghdr messages[LUOT_BATCH_DATAGRAMS_MAX]; /* for one system call */
    struct iovec pieces[LUOT_BATCH_DATAGRAMS_MAX];     /* one a message       */
    union control controls[LUOT_BATCH_DATAGRAMS_MAX];
    unsigned carries[LUOT_BATCH_DATAGRAMS_MAX]; /* datagrams of each message */
    char bytes[];
};

struct luot_batch *luot_batch_new(const struct luot_plan *plan)
{
    size_t size = plan->datagrams * plan->bytes + LONGEST_LINE + plan->signer.room;
    struct luot_batch *b = plan->seam->allocate(sizeof *b + size);
    if (b == NULL)
        return NULL;
    memset(b, 0, sizeof *b);
    b->plan = plan;
    b->fd = -1;
    b->segments = !plan->plain;
    b->size = size;
    if (plan->signer.room > 0)
        b->sender = plan->seam->random();
    return b;
}

void luot_batch_free(struct luot_batch *b)
{
    if (b == NULL)
        return;
    luot_batch_let_go(b);
    free(b);
}

/* The host may have closed all descriptors and opened its own in their place, as daemons
 * do: then the number is not ours any more. */
void luot_batch_let_go(struct luot_batch *b)
{
    struct stat now;
    if (b->fd >= 0 && fstat(b->fd, &now) == 0 && now.st_dev == b->device &&
        now.st_ino == b->inode)
        close(b->fd);
    b->fd = -1;
}

static bool knows_segments(const struct luot_batch *b, int fd)
{
    const struct luot_plan *plan = b->plan;
    int segment = 0;
    socklen_t length = sizeof segment;
    return !plan->plain &&
           plan->seam->getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, &length) == 0;
}

/* 0 or errno's value. Connected, because only a connected socket is told that nobody
 * listens. */
static int open_socket(struct luot_batch *b)
{
    const struct luot_plan *plan = b->plan;
    struct stat self;
    int fd = plan->seam->socket(plan->to.any.sa_family,
                                SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
    if (fd < 0)
        return errno;
    if (plan->seam->connect(fd, &plan->to.any, plan->to_length) != 0 ||
        fstat(fd, &self) != 0) {
        int error = errno;
        close(fd);
        return error;
    }
    b->device = self.st_dev;
    b->inode = self.st_ino;
    b->segments = knows_segments(b, fd);
    b->fd = fd;
    return 0;
}

int luot_batch_prepare(struct luot_batch *b)
{
    int error = open_socket(b);
    switch (error) {
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EADDRNOTAVAIL:
    case EAGAIN: /* no port is free just now */
        b->stats.errors++;
        return 0;
    default:
        return error;
    }
}

/* The open one; there must be one. */
static struct datagram *last_datagram(struct luot_batch *b)
{
    return &b->datagrams[b->count - 1];
}

/* Fills the last datagram up to plan->bytes without changing what its last line means. */
static void pad(struct luot_batch *b)
{
    struct datagram *d = last_datagram(b);
    size_t gap = b->plan->bytes > d->length ? b->plan->bytes - d->length : 0;
    if (!b->segments || b->plan->datagrams == 1 || gap == 0 ||
        gap > b->plan->bytes / PAD_SHARE || b->last_line + gap > LUOT_BEACON_MAX)
        return;
    char *at = b->bytes + b->used - 1; /* over the newline */
    d->length += gap;
    b->used += gap;
    if (gap == 1) {
        *at++ = '\r';
    } else {
        *at++ = '&';
        *at++ = '_';
        if (gap > 2)
            *at++ = '=';
        for (; gap > 3; gap--)
            *at++ = '0';
    }
    *at = '\n';
}

static void begin_datagram(struct luot_batch *b, size_t first_line)
{
    size_t head = b->plan->signer.room, least = head + first_line;
    /* Room for padding too, whatever the first line leaves of it. */
    size_t room = least > b->plan->bytes ? least : b->plan->bytes;
    if (b->count > 0)
        pad(b);
    if (b->count == b->plan->datagrams || b->used + room > b->size)
        luot_batch_send(b);
    b->datagrams[b->count++] = (struct datagram){.start = b->used, .length = head};
    b->used += head;
}

static bool fits(struct luot_batch *b, size_t length)
{
    const struct datagram *d;
    if (b->count == 0)
        return false;
    d = last_datagram(b);
    return d->lines < b->plan->lines && d->length + length <= b->plan->bytes;
}

static bool is_full(struct luot_batch *b)
{
    return b->count == b->plan->datagrams && last_datagram(b)->lines == b->plan->lines;
}

void luot_batch_add(struct luot_batch *b, const char *line, size_t length)
{
    uint64_t now_ms = b->plan->seam->now_ms();
    if (!fits(b, length + 1))
        begin_datagram(b, length + 1);
    if (b->used == b->plan->signer.room)
        b->oldest_ms = now_ms;

    struct datagram *d = last_datagram(b);
    memcpy(b->bytes + b->used, line, length);
    b->bytes[b->used + length] = '\n';
    b->used += length + 1;
    b->last_line = length;
    d->length += length + 1;
    d->lines++;
    b->stats.hits++;

    if (is_full(b) || now_ms - b->oldest_ms >= b->plan->wait_ms)
        luot_batch_send(b);
}

/* How many datagrams from `at` on can be segments of one message. */
static unsigned segments_from(const struct luot_batch *b, unsigned at)
{
    const struct datagram *d = b->datagrams;
    size_t segment = d[at].length, total = segment;
    unsigned n = 1;
    if (!b->segments || segment > b->plan->bytes)
        return 1;
    while (at + n < b->count && n < SEGMENTS_MAX && d[at + n].length <= segment &&
           total + d[at + n].length <= MESSAGE_MAX) {
        total += d[at + n].length;
        if (d[at + n++].length < segment)
            break; /* only the last may be shorter */
    }
    return n;
}

static void set_segment(struct msghdr *message, union control *control, size_t segment)
{
    uint16_t value = (uint16_t)segment;
    memset(control, 0, sizeof *control);
    message->msg_control = control->bytes;
    message->msg_controllen = sizeof control->bytes;
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    header->cmsg_level = IPPROTO_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof value);
    memcpy(CMSG_DATA(header), &value, sizeof value);
}

/* Makes messages of the datagrams from `at` on and returns how many. */
static unsigned make_messages(struct luot_batch *b, unsigned at)
{
    unsigned n = 0;
    for (; at < b->count; at += b->carries[n++]) {
        const struct datagram *first = &b->datagrams[at], *last;
        b->carries[n] = segments_from(b, at);
        last = first + b->carries[n] - 1;
        b->pieces[n].iov_base = b->bytes + first->start;
        b->pieces[n].iov_len = last->start + last->length - first->start;
        b->messages[n] = (struct mmsghdr){
            .msg_hdr = {.msg_iov = &b->pieces[n], .msg_iovlen = 1},
        };
        if (b->carries[n] > 1)
            set_segment(&b->messages[n].msg_hdr, &b->controls[n], first->length);
    }
    return n;
}

/* The number of messages that the kernel took, or -1 and errno about the first. */
static int hand_over(struct luot_batch *b, unsigned count)
{
    const struct luot_seam *seam = b->plan->seam;
    int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    if (count > 1 && !b->one_by_one) {
        int sent = seam->sendmmsg(b->fd, b->messages, count, flags);
        if (sent >= 0 || errno != ENOSYS)
            return sent;
        b->one_by_one = true;
    }
    return seam->sendmsg(b->fd, &b->messages[0].msg_hdr, flags) < 0 ? -1 : 1;
}

/* The first `messages` messages begin at datagram `at`; returns the datagram behind
 * them. */
static unsigned count_sent(struct luot_batch *b, unsigned at, unsigned messages)
{
    for (unsigned m = 0; m < messages; m++) {
        if (b->carries[m] > 1)
            b->stats.segmented += b->carries[m];
        b->stats.datagrams += b->carries[m];
        for (unsigned i = 0; i < b->carries[m]; i++)
            b->stats.sent += b->datagrams[at++].lines;
    }
    return at;
}

static unsigned drop(struct luot_batch *b, unsigned at, unsigned end)
{
    for (; at < end; at++)
        b->stats.dropped += b->datagrams[at].lines;
    return at;
}

static bool blames_segments(const struct luot_batch *b, int error)
{
    return b->carries[0] > 1 &&
           (error == EIO || error == EINVAL || error == ENOPROTOOPT ||
            error == EOPNOTSUPP || error == EMSGSIZE);
}

static bool is_full_buffer(int error)
{
    return error == EAGAIN || error == ENOBUFS || error == ENOMEM;
}

/* The kernel refused the message that begins with datagram `at`. Returns the datagram to
 * go on with. */
static unsigned refused(struct luot_batch *b, unsigned at, int error, unsigned *chances,
                        bool *ret_renew)
{
    if (blames_segments(b, error)) {
        b->segments = false;
        return at;
    }
    if (is_full_buffer(error))
        return drop(b, at, b->count);
    if (error != EINTR)
        b->stats.errors++;
    if ((error == EINTR || error == ECONNREFUSED) && *chances > 0) {
        --*chances;
        return at;
    }
    *ret_renew = true;
    return drop(b, at, at + b->carries[0]);
}

/* What is sent a second time has the same number: the kernel did not take it before. */
static void sign_all(struct luot_batch *b)
{
    uint64_t now_ms;
    if (b->count == 0 || b->plan->signer.room == 0)
        return;
    now_ms = b->plan->seam->unix_ms();
    for (unsigned i = 0; i < b->count; i++)
        luot_sign(&b->plan->signer, b->sender, ++b->seq, now_ms,
                  b->bytes + b->datagrams[i].start, b->datagrams[i].length);
}

void luot_batch_send(struct luot_batch *b)
{
    unsigned at = 0, chances = SECOND_CHANCES;
    bool renew = false;
    sign_all(b);
    if (b->count > 0 && b->fd < 0 && open_socket(b) != 0) {
        b->stats.errors++;
        at = drop(b, 0, b->count);
    }
    while (at < b->count) {
        int sent = hand_over(b, make_messages(b, at));
        if (sent > 0)
            at = count_sent(b, at, (unsigned)sent);
        else
            at = refused(b, at, sent < 0 ? errno : EAGAIN, &chances, &renew);
    }
    if (renew)
        luot_batch_let_go(b);
    b->count = 0;
    b->used = 0;
}

struct luot_stats luot_batch_stats(const struct luot_batch *b)
{
    struct luot_stats stats = b->stats;
    stats.waiting = stats.hits - stats.sent - stats.dropped;
    return stats;
}
