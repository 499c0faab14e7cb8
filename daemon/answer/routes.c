#include "answer/routes.h"

enum { VARIABLE = sizeof "{site}" - 1 };

/* The path, and how much of it stands before {site} and after. */
#define PATH(path) path, sizeof(path) - 1, 0, false
#define SITE(before, after)                                                              \
    before "{site}" after, sizeof(before) - 1, sizeof(after) - 1, true

static const struct route table[] = {
    {PATH("/p.gif"), TAKES_GET, true, false, answer_pixel, NULL, NULL},
    {PATH("/b"), TAKES_POST, true, false, answer_beacons, NULL, NULL},
    {PATH("/v1/"), TAKES_GET, false, true, answer_index, "", "This list."},
    {PATH("/v1/sites.json"), TAKES_GET, false, true, answer_sites, "",
     "All sites that you may read side by side, their groups and the sum; the most of "
     "today first."},
    {SITE("/v1/", "/widget.json"), TAKES_GET, false, true, answer_widget, "",
     "The numbers of the box, in the site's metric."},
    {SITE("/v1/", "/snapshot.json"), TAKES_GET, false, true, answer_snapshot, "",
     "All numbers of a site now. For public sites, or with a reader's token "
     "(Authorization: Bearer ...)."},
    {SITE("/v1/", "/series.json"), TAKES_GET, false, true, answer_series,
     "?metric=visits&step=day&from=2026-01-01&to=2026-02-01",
     "One metric (views, visits, visitors) over time, by minute, quarter, hour, day, "
     "week or month; from and to are days of the site or unix seconds, to is not in it; "
     "null is where nobody counted. For public sites, or with a "
     "token."},
    {SITE("/v1/", "/report.json"), TAKES_GET, false, true, answer_report,
     "?by=day&from=2026-01-01&to=2026-02-01",
     "Views, visits, visitors, pages a visit and the bounce rate, a row for each hour, "
     "day, week or month that was counted. For public sites, or with a token."},
    {SITE("/v1/", "/tops.json"), TAKES_GET, false, true, answer_tops_json,
     "?of=pages&from=2026-01-01&to=2026-02-01",
     "The first rows of pages, referrers, countries, browsers and so on over days of the "
     "site, to is not in it; rows and other add up to total, no row lacks more than "
     "error. For public sites, or with a token."},
    {SITE("/v1/", "/tops.csv"), TAKES_GET, false, true, answer_tops_csv,
     "?of=pages&from=2026-01-01&to=2026-02-01", "The same for a spreadsheet."},
    {SITE("/v1/", "/page.json"), TAKES_GET, false, true, answer_page_views, "?p=/",
     "The views of one page, in all and today."},
    {SITE("/v1/", "/live"), TAKES_GET, false, true, answer_live, "",
     "Server-Sent Events: snapshot.json without tops, once a second when something "
     "changed."},
    {PATH("/v1/live"), TAKES_GET, false, true, answer_live, "",
     "The same of all sites that you may read: who is online and what today brought, "
     "every two seconds."},
    {PATH("/luot.js"), TAKES_GET, false, true, answer_asset, NULL, NULL},
    {PATH("/widget.css"), TAKES_GET, false, false, answer_asset, NULL, NULL},
    {PATH("/frame.css"), TAKES_GET, false, false, answer_asset, NULL, NULL},
    {PATH("/widget.js"), TAKES_GET, false, false, answer_asset, NULL, NULL},
    {PATH("/snippet.css"), TAKES_GET, false, false, answer_asset, NULL, NULL},
    {PATH("/snippet.js"), TAKES_GET, false, false, answer_asset, NULL, NULL},
    {PATH("/privacy.css"), TAKES_GET, false, false, answer_asset, NULL, NULL},
    {PATH("/dashboard.css"), TAKES_GET, false, false, answer_asset, NULL, NULL},
    {PATH("/dashboard.js"), TAKES_GET, false, false, answer_asset, NULL, NULL},
    {PATH("/uplot.js"), TAKES_GET, false, false, answer_asset, NULL, NULL},
    {PATH("/dashboard.txt"), TAKES_GET, false, false, answer_asset, NULL, NULL},
    {PATH("/icon.svg"), TAKES_GET, false, false, answer_asset, NULL, NULL},
    {PATH("/privacy"), TAKES_GET, false, false, answer_privacy, NULL, NULL},
    {SITE("/", "/widget.html"), TAKES_GET, COUNTS_IF_ASKED, false, answer_widget_page,
     NULL, NULL},
    {SITE("/", "/badge.svg"), TAKES_GET, COUNTS_IF_ASKED, true, answer_badge, NULL, NULL},
    {SITE("/", "/snippet.html"), TAKES_GET, false, false, answer_snippet_page, NULL,
     NULL},
    {PATH("/"), TAKES_GET, false, false, answer_dashboard, NULL, NULL},
};

const struct route *routes(size_t *ret_count)
{
    *ret_count = sizeof table / sizeof table[0];
    return table;
}

static bool matches(const struct route *route, struct slice path, struct slice *ret_key)
{
    struct slice key;

    *ret_key = (struct slice){NULL, 0};
    if (!route->of_site)
        return path.length == route->before &&
               memcmp(path.at, route->path, route->before) == 0;
    if (path.length <= (size_t)route->before + route->after)
        return false;
    key = (struct slice){path.at + route->before,
                         path.length - route->before - route->after};
    if (memcmp(path.at, route->path, route->before) != 0 ||
        memcmp(key.at + key.length, route->path + route->before + VARIABLE,
               route->after) != 0 ||
        slice_find(key, '/') < key.length)
        return false;
    *ret_key = key;
    return true;
}

const struct route *route_find(struct slice path, struct slice *ret_key)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (matches(&table[i], path, ret_key))
            return &table[i];
    return NULL;
}
