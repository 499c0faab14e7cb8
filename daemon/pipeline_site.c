#include <string.h>

#include "base/error.h"
#include "parse/url.h"
#include "pipeline_inner.h"

/* Asked several times of a line, and of each line of a body: where the same bytes were read
 * before in this turn, the answer is the same. */
struct slice pipeline_host_of_page(struct pipeline *p, const struct sender *sender)
{
    struct turn_common *c = &p->common;
    struct slice page = sender->origin.length > 0 ? sender->origin : sender->referer;

    if (page.length == 0)
        return page;
    if (c->page.at != page.at || c->page.length != page.length) {
        c->page_host = url_host(page);
        c->page = page;
    }
    return c->page_host;
}

static enum outcome find_by_host(struct pipeline *p, const struct sender *sender,
                                 struct site **ret_site)
{
    struct slice host = pipeline_page_host(p, sender);
    int why;

    if (host.length == 0 && sender->origin.length == 0)
        host = url_authority_host(sender->host);
    *ret_site = registry_by_host(p->registry, host);
    if (*ret_site != NULL)
        return OUTCOME_VIEW;
    *ret_site = registry_open_host(p->registry, host, &why);
    if (*ret_site != NULL) {
        p->opened_site = true;
        return OUTCOME_VIEW;
    }
    return why == ERR_EXISTS ? OUTCOME_AUTO_SITES_FULL
           : why == ERR_FULL ? OUTCOME_SITES_FULL
                             : OUTCOME_UNKNOWN_SITE;
}

/* A site that names its hosts takes beacons of their pages only. What has neither Origin
 * nor Referer (a server, a reader with privacy settings) cannot be checked and passes: it
 * can name any site, as a forger with curl can. */
static bool origin_is_right(struct pipeline *p, const struct site *site,
                            const struct site_terms *terms, const struct sender *sender)
{
    struct slice host;

    if (!sender->http || terms->config.open ||
        (sender->origin.length == 0 && sender->referer.length == 0))
        return true;
    host = pipeline_page_host(p, sender);
    if (site->block->host[0] != '\0' &&
        slice_equal_nocase(slice_of(site->block->host), host))
        return true;
    if (terms->config.hosts[0] == '\0' && site->block->host[0] == '\0')
        return true; /* no list: nothing to compare with */
    /* The last: a host of a site that was merged into this one. */
    return hosts_match(terms->config.hosts, host) ||
           registry_by_host(p->registry, host) == site;
}

/* Mostly short, and then compared without a call. */
static inline bool is_last_key(const struct turn_common *c, struct slice key)
{
    uint64_t words[2];

    if (c->site == NULL || key.length != c->key_length)
        return false;
    if (key.length > sizeof words)
        return memcmp(key.at, c->key, key.length) == 0;
    hash_text_short(key, words);
    return words[0] == c->key_words[0] && words[1] == c->key_words[1];
}

/* Most lines of a turn are for one site. */
static struct site *find_by_key(struct pipeline *p, struct slice key)
{
    struct turn_common *c = &p->common;
    struct site *site;

    if (is_last_key(c, key))
        return c->site;
    site = registry_by_key(p->registry, key);
    if (site != NULL && key.length <= sizeof c->key) {
        memcpy(c->key, key.at, key.length);
        c->key_length = key.length;
        if (key.length <= sizeof c->key_words)
            hash_text_short(key, c->key_words);
        c->site = site;
    }
    return site;
}

enum outcome pipeline_find_site(struct pipeline *p, const struct beacon *beacon,
                                const struct sender *sender, struct site **ret_site,
                                const struct site_terms **ret_terms)
{
    struct site *site;
    enum outcome outcome = OUTCOME_VIEW;

    if (beacon->site.length > 0)
        site = find_by_key(p, beacon->site);
    else
        outcome = find_by_host(p, sender, &site);
    if (site == NULL)
        return beacon->site.length > 0 ? OUTCOME_UNKNOWN_SITE : outcome;
    *ret_site = site;
    *ret_terms = atomic_load_explicit(&site->terms, memory_order_seq_cst); /* turn.c */
    return origin_is_right(p, site, *ret_terms, sender) ? OUTCOME_VIEW : OUTCOME_ORIGIN;
}
