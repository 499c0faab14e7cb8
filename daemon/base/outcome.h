/* Floor 0 (base). The closed list of what can become of one received line.
 *
 * Every line that was framed (counter `received`) ends in exactly one row of this list,
 * so counted + suppressed + rejected equals received whenever the loops are idle. The
 * rows are also rows of metrics.def: an outcome is its counter. */
#ifndef LUOT_BASE_OUTCOME_H
#define LUOT_BASE_OUTCOME_H

/* name, class, word, sentence (what happened, and where useful what to do) */
#define OUTCOMES(X)                                                                      \
    X(OUTCOME_VIEW, counted, view, "Page views that were counted")                       \
    X(OUTCOME_EVENT, counted, event, "Events that were counted")                         \
    X(OUTCOME_PING, counted, ping, "Pings that kept a visitor online")                   \
    X(OUTCOME_BOT, suppressed, bot, "Lines from a known robot, counted apart")           \
    X(OUTCOME_PREFETCH, suppressed, prefetch,                                            \
      "Loads by a browser before anybody looked")                                        \
    X(OUTCOME_INTERNAL, suppressed, internal,                                            \
      "Lines from the site's own staff or tests, or from who asked not to be counted")   \
    X(OUTCOME_SUSPECT, suppressed, suspect,                                              \
      "Lines over `rate_limit`, `new_visitors_per_address` or `site_rate_limit`")        \
    X(OUTCOME_NOT_PAGE, suppressed, not_page,                                            \
      "Log lines that are no pages: assets, errors, other methods")                      \
    X(OUTCOME_OTHER_SOURCE, suppressed, other_source,                                    \
      "Lines that came the way which the site's setting `source` does not name")         \
    X(OUTCOME_MALFORMED, rejected, malformed, "Lines that could not be read")            \
    X(OUTCOME_UNKNOWN_SITE, rejected, unknown_site,                                      \
      "Lines for a site that is not configured")                                         \
    X(OUTCOME_ORIGIN, rejected, origin,                                                  \
      "Lines from a page of a host that is not the site's")                              \
    X(OUTCOME_UNTRUSTED, rejected, untrusted,                                            \
      "Datagrams from outside `udp_trusted` that are not signed, or requests with a "    \
      "token "                                                                           \
      "that no writer has")                                                              \
    X(OUTCOME_TOO_LONG, rejected, too_long, "Lines or datagrams longer than the limit")  \
    X(OUTCOME_TOO_MANY_LINES, rejected, too_many_lines,                                  \
      "Lines after the last that one datagram or request may hold")                      \
    X(OUTCOME_MAC, rejected, mac, "Lines of signed datagrams whose signature is wrong")  \
    X(OUTCOME_REPLAY, rejected, replay,                                                  \
      "Lines of signed datagrams that were seen or are old")                             \
    X(OUTCOME_SENDERS, rejected, senders,                                                \
      "Lines of signed datagrams from one sender too many")                              \
    X(OUTCOME_AUTO_SITES_FULL, rejected, auto_sites_full,                                \
      "Lines for a host that would open one site more than `auto_sites_max`")            \
    X(OUTCOME_SITES_FULL, rejected, sites_full,                                          \
      "Lines for a site that has no room; raise `sites_max` or free memory")

#define OUTCOME_ENUM(name, class, word, sentence) name,
enum outcome { OUTCOMES(OUTCOME_ENUM) OUTCOME_COUNT };
#undef OUTCOME_ENUM

enum outcome_class {
    OUTCOME_COUNTED,
    OUTCOME_SUPPRESSED,
    OUTCOME_REJECTED,
    OUTCOME_CLASSES
};

/* Static memory, any thread. */
enum outcome_class outcome_class(enum outcome outcome);
/* "counted", "suppressed" or "rejected". */
const char *outcome_class_word(enum outcome_class class);
const char *outcome_word(enum outcome outcome); /* "view", "bot", "malformed", ... */
const char *outcome_sentence(enum outcome outcome);

#endif
