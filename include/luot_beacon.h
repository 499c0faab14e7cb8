/* The grammar of a native beacon and its limits, shared by the daemon, the client
 * library and the tests.
 *
 * A beacon is one line: a query string, UTF-8, percent-encoded ('+' is a space).
 *   s  site key            p  page: path or URL     r  referrer URL       t  title
 *   e  event name          k  view | ping | off     w  screen width, px   l  language
 *   i  visitor's address   u  visitor's User-Agent  (i and u: only from trusted senders)
 * `k=off` is of a browser whose reader asked not to be counted: it is counted apart, as
 * internal, and answered as any other.
 * Unknown keys are ignored; of a repeated key the first counts. `_` will never have a
 * meaning: a sender who wants datagrams of one size pads a line with it (`&_=000`);
 * empty lines are malformed.
 *
 * Lines end with LF or CRLF; the last one of a datagram or body need not. A value may
 * hold any byte but NUL once it is decoded; a line holds no control byte undecoded.
 * `w` is at most 65,535. */
#ifndef LUOT_BEACON_H
#define LUOT_BEACON_H

enum {
    LUOT_BEACON_MAX = 4096,    /* bytes of one line                              */
    LUOT_DATAGRAM_MAX = 8192,  /* bytes of one datagram (after GRO splitting)    */
    LUOT_LINES_MAX = 64,       /* lines in one datagram or POST body             */
    LUOT_SITE_KEY_MAX = 63,    /* [a-z0-9][a-z0-9_-]{0,62}                       */
    LUOT_USER_AGENT_MAX = 512, /* bytes of the User-Agent that identity looks at */
    LUOT_EVENT_MAX = 64        /* bytes of an event's name                       */
};

#endif
