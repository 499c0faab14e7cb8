#include "answer/routes.h"

static const struct route table[] = {
    {"/p.gif", TAKES_GET, true, false, answer_pixel, NULL, NULL},
    {"/b", TAKES_POST, true, false, answer_beacons, NULL, NULL},
    {"/v1/", TAKES_GET, false, true, answer_index, "", "This list."},
    {"/v1/sites.json", TAKES_GET, false, true, answer_sites, "",
     "All sites that you may read side by side, their groups and the sum; the most of "
     "today first."},
    {"/v1/{site}/widget.json", TAKES_GET, false, true, answer_widget, "",
     "The numbers of the box, in the site's metric."},
    {"/v1/{site}/snapshot.json", TAKES_GET, false, true, answer_snapshot, "",
     "All numbers of a site now. For public sites, or with a reader's token "
     "(Authorization: Bearer ...)."},
    {"/v1/{site}/series.json", TAKES_GET, false, true, answer_series,
     "?metric=visits&step=day&from=2026-01-01&to=2026-02-01",
     "One metric (views, visits, visitors) over time, by minute, quarter, hour, day, "
     "week or month; from and to are days of the site or unix seconds, to is not in it; "
     "null is where nobody counted. For public sites, or with a "
     "token."},
    {"/v1/{site}/report.json", TAKES_GET, false, true, answer_report,
     "?by=day&from=2026-01-01&to=2026-02-01",
     "Views, visits, visitors, pages a visit and the bounce rate, a row for each hour, "
     "day, week or month that was counted. For public sites, or with a token."},
    {"/v1/{site}/tops.json", TAKES_GET, false, true, answer_tops_json,
     "?of=pages&from=2026-01-01&to=2026-02-01",
     "The first rows of pages, referrers, countries, browsers and so on over days of the "
     "site, to is not in it; rows and other add up to total, no row lacks more than "
     "error. For public sites, or with a token."},
    {"/v1/{site}/tops.csv", TAKES_GET, false, true, answer_tops_csv,
     "?of=pages&from=2026-01-01&to=2026-02-01", "The same for a spreadsheet."},
    {"/v1/{site}/page.json", TAKES_GET, false, true, answer_page_views, "?p=/",
     "The views of one page, in all and today."},
    {"/v1/{site}/live", TAKES_GET, false, true, answer_live, "",
     "Server-Sent Events: snapshot.json without tops, once a second when something "
     "changed."},
    {"/v1/live", TAKES_GET, false, true, answer_live, "",
     "The same of all sites that you may read: who is online and what today brought, "
     "every two seconds."},
    {"/luot.js", TAKES_GET, false, true, answer_asset, NULL, NULL},
    {"/widget.css", TAKES_GET, false, false, answer_asset, NULL, NULL},
    {"/widget.js", TAKES_GET, false, false, answer_asset, NULL, NULL},
    {"/snippet.css", TAKES_GET, false, false, answer_asset, NULL, NULL},
    {"/snippet.js", TAKES_GET, false, false, answer_asset, NULL, NULL},
    {"/privacy.css", TAKES_GET, false, false, answer_asset, NULL, NULL},
    {"/dashboard.css", TAKES_GET, false, false, answer_asset, NULL, NULL},
    {"/dashboard.js", TAKES_GET, false, false, answer_asset, NULL, NULL},
    {"/uplot.js", TAKES_GET, false, false, answer_asset, NULL, NULL},
    {"/dashboard.txt", TAKES_GET, false, false, answer_asset, NULL, NULL},
    {"/icon.svg", TAKES_GET, false, false, answer_asset, NULL, NULL},
    {"/privacy", TAKES_GET, false, false, answer_privacy, NULL, NULL},
    {"/{site}/widget.html", TAKES_GET, COUNTS_IF_ASKED, false, answer_widget_page, NULL,
     NULL},
    {"/{site}/badge.svg", TAKES_GET, COUNTS_IF_ASKED, true, answer_badge, NULL, NULL},
    {"/{site}/snippet.html", TAKES_GET, false, false, answer_snippet_page, NULL, NULL},
    {"/", TAKES_GET, false, false, answer_dashboard, NULL, NULL},
};

const struct route *routes(size_t *ret_count)
{
    *ret_count = sizeof table / sizeof table[0];
    return table;
}

static bool matches(struct slice pattern, struct slice path, struct slice *ret_key)
{
    static const struct slice variable = {"{site}", 6};
    const char *at = memmem(pattern.at, pattern.length, variable.at, variable.length);
    struct slice before, after;

    *ret_key = (struct slice){NULL, 0};
    if (at == NULL)
        return slice_equal(pattern, path);
    before = (struct slice){pattern.at, (size_t)(at - pattern.at)};
    after = (struct slice){at + variable.length,
                           pattern.length - before.length - variable.length};
    if (path.length <= before.length + after.length || !slice_starts(path, before) ||
        !slice_ends(path, after))
        return false;
    *ret_key = (struct slice){path.at + before.length,
                              path.length - before.length - after.length};
    return slice_find(*ret_key, '/') == ret_key->length;
}

const struct route *route_find(struct slice path, struct slice *ret_key)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (matches(slice_of(table[i].path), path, ret_key))
            return &table[i];
    return NULL;
}
