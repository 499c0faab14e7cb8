#include "luotctl_command.h"

#include <string.h>

#define SPAN                                                                             \
    "  FROM and TO are days of the site (2026-11-01) or unix seconds; TO is not in "     \
    "it.\n"

static const struct command COMMANDS[] = {
    {.name = "stats",
     .kind = COMMAND_JSON,
     .usage = "",
     .sentence = "what luotd has received, counted, suppressed and rejected",
     .details = ""},
    {.name = "sites",
     .kind = COMMAND_JSON,
     .usage = "",
     .sentence = "all sites with their numbers",
     .details = ""},
    {.name = "nodes",
     .kind = COMMAND_TEXT,
     .usage = "",
     .sentence = "who counts the same portals through a shared store, and what is odd",
     .details = ""},
    {.name = "site",
     .kind = COMMAND_JSON,
     .usage = "KEY | rename OLD NEW | merge FROM INTO | archive KEY | restore KEY",
     .sentence = "one site: its settings and its numbers; or renames it, and so on",
     .details =
         "  rename   NEW is its name from now on; its history stays, and so does OLD, "
         "which "
         "pages\n"
         "           may go on sending. Its section in the configuration may be "
         "either's.\n"
         "  merge    FROM becomes part of INTO, for ever: all numbers add up, visitors "
         "too.\n"
         "  archive  a site that opened by itself: its beacons are refused, its history "
         "stays.\n"
         "  restore  it counts again.\n"
         "  None needs a restart. `audit KEY` says who did it.\n",
     .words_min = 1,
     .words_max = 3},
    {.name = "snapshot",
     .kind = COMMAND_JSON,
     .usage = "KEY",
     .sentence = "all that is known of a site now",
     .details = "",
     .words_min = 1,
     .words_max = 1},
    {.name = "series",
     .kind = COMMAND_JSON,
     .usage = "KEY [--metric M] [--step S] [--from FROM] [--to TO]",
     .sentence = "one number of a site over time",
     .details =
         "  --metric M   views, visits or visitors (default: what the site shows)\n"
         "  --step S     minute, quarter, hour, day (default), week or month\n" SPAN
         "  Without FROM: a day of minutes, a week of hours, 30 days, half a year of\n"
         "  weeks, two years of months.\n",
     .words_min = 1,
     .words_max = 1,
     .option = {{.name = "metric", .key = "metric"},
                {.name = "step", .key = "step"},
                {.name = "from", .key = "from"},
                {.name = "to", .key = "to"}}},
    {.name = "report",
     .kind = COMMAND_REPORT,
     .usage = "KEY [--by day|hour|week|month] [--from FROM] [--to TO]\n"
              "       luotctl report (KEY | --group G | --all) --month 2025-12 "
              "[--starts-on N]\n"
              "               [--compare previous,year] [--format table|csv|json|html]",
     .sentence =
         "views, visits and visitors, row by row; or the month of one site or many",
     .details =
         "  --by P          a row for each day (default), hour, week or month\n" SPAN
         "  --month M       a month of KEY, of the sites of a group, or of all; in "
         "Vietnamese\n"
         "  --starts-on N   the months begin on that day (1 to 28; default 1); visitors "
         "are "
         "then\n"
         "                  a sum of days\n"
         "  --compare C     beside the month before (previous), a year before (year), or "
         "both:\n"
         "                  by views, in per cent\n"
         "  --format F      table (default), csv (for spreadsheets: UTF-8 with a mark, "
         "`;` "
         "between),\n"
         "                  json, or html (one page to print)\n"
         "  example: luotctl report --all --month 2025-12 --compare previous,year "
         "--format "
         "html >t12.html\n",
     .words_min = 0,
     .words_max = 1,
     .option = {{.name = "by", .key = "by"},
                {.name = "from", .key = "from"},
                {.name = "to", .key = "to"},
                {.name = "group", .key = "group"},
                {.name = "all", .key = "all", .flag = true},
                {.name = "month", .key = "month"},
                {.name = "starts-on", .key = "starts_on"},
                {.name = "compare", .key = "compare"},
                {.name = "format"}}},
    {.name = "top",
     .kind = COMMAND_TOP,
     .usage = "[KEY [--of WHAT] [--from FROM] [--to TO]]",
     .sentence =
         "all sites live on the terminal; or the first rows of a site's pages and so on",
     .details =
         "  --of WHAT   pages (default), entry_pages, referrers, referrer_classes, "
         "countries,\n"
         "              regions, networks, browsers, systems, devices, languages, "
         "screens,\n"
         "              campaigns, events, not_found, downloads or bots\n" SPAN
         "  Without FROM and TO: today.\n"
         "  Without KEY: a live screen of all sites, every 2 s; q leaves it, and its "
         "last "
         "line\n"
         "  names the other keys.\n",
     .words_min = 0,
     .words_max = 1,
     .option = {{.name = "of", .key = "of"},
                {.name = "from", .key = "from"},
                {.name = "to", .key = "to"}}},
    {.name = "seed",
     .kind = COMMAND_TEXT,
     .usage = "KEY [--metric M] --total N [--today N] [--week N] [--month N]\n"
              "               [--as-of T] [--note TEXT] | KEY --page PATH N",
     .sentence = "sets the numbers that a site begins with",
     .details =
         "  Sets, never adds: the same seed twice changes nothing.\n"
         "  --metric M   views, visits or visitors (default: what the site shows)\n"
         "  --total N    all that was counted before, up to T\n"
         "  --today N, --week N, --month N\n"
         "               what of it belongs to T's day, week and month\n"
         "  --as-of T    when the numbers were right: a day, or unix seconds (default: "
         "now)\n"
         "  --note TEXT  why, for the audit\n"
         "  --page PATH  all views of one page, as of now, instead of the site's\n"
         "  example: luotctl seed portal --metric visits --total 50510 --week 84 --today "
         "2\n",
     .words_min = 1,
     .words_max = 2,
     .option = {{.name = "metric", .key = "metric"},
                {.name = "total", .key = "total"},
                {.name = "today", .key = "today"},
                {.name = "week", .key = "week"},
                {.name = "month", .key = "month"},
                {.name = "as-of", .key = "as_of"},
                {.name = "note", .key = "note"},
                {.name = "page", .key = "page"}}},
    {.name = "adjust",
     .kind = COMMAND_TEXT,
     .usage = "KEY [--metric M] --day D --by N [--note TEXT]",
     .sentence = "adds a number, or takes one away, on one day",
     .details =
         "  Adds each time it is given. It is a line of its own in the answers.\n"
         "  --metric M   views, visits or visitors (default: what the site shows)\n"
         "  --day D      the site's day it is booked on (2026-11-01)\n"
         "  --by N       how many; -3 takes three away\n"
         "  --note TEXT  why, for the audit\n",
     .words_min = 1,
     .words_max = 1,
     .option = {{.name = "metric", .key = "metric"},
                {.name = "day", .key = "day", .required = true},
                {.name = "by", .key = "by", .required = true},
                {.name = "note", .key = "note"}}},
    {.name = "privacy",
     .kind = COMMAND_TEXT,
     .usage = "[--lang vi|km|en]",
     .sentence = "what is kept of visitors here, and for how long",
     .details = "  The page /privacy says the same to visitors.\n",
     .option = {{.name = "lang", .key = "lang"}}},
    {.name = "audit",
     .kind = COMMAND_TEXT,
     .usage = "[KEY]",
     .sentence = "who changed what, and when: of a site, or of luotd and all sites",
     .details = "",
     .words_min = 0,
     .words_max = 1},
    {.name = "import",
     .kind = COMMAND_IMPORT,
     .usage = "--site KEY [--rule page|pv1] [--dry-run] FILE...",
     .sentence = "access logs of Apache or nginx into the history of a site",
     .details =
         "  FILE is in the common or combined format, plain or gzip; - is standard "
         "input.\n"
         "  A file that was imported before goes on where it ended; nothing is counted "
         "twice.\n"
         "  Lines from the time on when luotd counted the site itself are skipped.\n"
         "  They become days, hours, visitors and tops, by luotd's own settings and "
         "lists, which\n"
         "  must be readable here; robots are in the days, and in the tops of bots "
         "alone.\n"
         "  --site KEY  the site whose log it is\n"
         "  --rule R    what a page view is. page (default): GET, status 200 to 299 or "
         "304, no\n"
         "              image, script, download and so on. pv1: GET or POST, status 200, "
         "the same.\n"
         "  --dry-run   only say what it would find\n",
     .words_min = 1,
     .words_max = 0,
     .option = {{.name = "site", .required = true},
                {.name = "rule"},
                {.name = "dry-run", .flag = true}}},
    {.name = "dump",
     .kind = COMMAND_DUMP,
     .usage = "KEY | --all [FILE]",
     .sentence = "all that is kept of a site, or of all, to load elsewhere",
     .details =
         "  FILE is made whole or not at all; without one, or with -, standard output.\n"
         "  What was counted before the command was typed is in it. Its format is "
         "in conf/dump.md.\n"
         "  example: luotctl dump --all backup.luot\n",
     .words_min = 0,
     .words_max = 2,
     .option = {{.name = "all", .flag = true}}},
    {.name = "load",
     .kind = COMMAND_LOAD,
     .usage = "[FILE]",
     .sentence = "a dump, or a document of `import`, into luotd's store",
     .details =
         "  Without FILE, or with -, standard input. A dump is checked first: of one "
         "that was cut\n"
         "  or changed nothing is taken. What is there already stays, and loading twice "
         "changes\n"
         "  nothing; numbers of a dump are added to what is counted here.\n",
     .words_min = 0,
     .words_max = 1},
    {.name = "source",
     .kind = COMMAND_JSON,
     .usage = "KEY HASH",
     .sentence = "how much of a log is imported; HASH is of its first line",
     .details = "",
     .words_min = 2,
     .words_max = 2},
    {.name = "check",
     .kind = COMMAND_CHECK,
     .usage = "[--quiet 24h]",
     .sentence = "whether all is well; exit status 1 when it is not",
     .details =
         "  A line for each thing that was looked at, and what to do where it is BAD: is "
         "all that\n"
         "  was counted saved, when will the disk be full, is the database whole, is "
         "there room for\n"
         "  more sites and visitors, which sites are silent.\n"
         "  --quiet T  a site without a view for so long is silent (default: 24h; 90m, "
         "2d)\n"
         "  example, each hour from cron: luotctl check | grep BAD\n",
     .words_min = 0,
     .words_max = 0,
     .option = {{.name = "quiet", .key = "quiet"}}},
    {.name = "reader",
     .kind = COMMAND_READER,
     .usage = "add NAME (--site KEY... | --group G... | --all) | list",
     .sentence = "a token for who may read private documents; or who has one",
     .details = "  add   makes a token. It is shown once, beside the section to put into "
                "luotd.conf,\n"
                "        which knows only its hash; no luotd is asked.\n"
                "  --site KEY   a site that it opens; may be given again\n"
                "  --group G    all sites of a group; may be given again\n"
                "  --all        all sites\n"
                "  list  names and what they may read, as luotd knows them now\n"
                "  example: luotctl reader add hall-screen --group tinh "
                ">>/etc/luot/luotd.conf\n",
     .words_min = 1,
     .words_max = 2,
     .option = {{.name = "site", .many = true},
                {.name = "group", .many = true},
                {.name = "all", .flag = true}}},
    {.name = "where",
     .kind = COMMAND_JSON,
     .usage = "ADDRESS [KEY]",
     .sentence = "the country, region and network of an address, as luotd sees it now",
     .details = "  With the KEY of a site also whether it is internal there.\n",
     .words_min = 1,
     .words_max = 2},
    {.name = "classify",
     .kind = COMMAND_CLASSIFY,
     .usage = "addresses|agents|referrers [OPTIONS] [FILE]",
     .sentence = "what luot makes of them, a line each, as JSON lines",
     .details =
         "  Without FILE, or with -, standard input. No luotd is asked.\n"
         "  addresses --config FILE  luotd.conf: its geo_db, `network`, `internal`\n"
         "            --geo-db FILE  a country database; none: no countries (default: "
         "the installed\n"
         "                           one)\n"
         "  agents    --agent-list FILE, --bot-list FILE  as the settings agent_list and "
         "bot_list\n"
         "  referrers --list FILE    as the setting referrer_list\n"
         "            --deny FILE    as the setting referrer_deny\n"
         "  example: echo https://l.facebook.com/ | luotctl classify referrers\n",
     .words_min = 1,
     .words_max = 2,
     .option = {{.name = "list"},
                {.name = "deny"},
                {.name = "config"},
                {.name = "geo-db"},
                {.name = "agent-list"},
                {.name = "bot-list"}}},
    {.name = "snippet",
     .kind = COMMAND_TEXT,
     .usage = "KEY [--url URL] [--lang vi|km|en]",
     .sentence = "what to paste into a portal's pages",
     .details =
         "  For plain HTML, WordPress, Joomla, DotNetNuke and Drupal, and without "
         "scripts.\n"
         "  URL/KEY/snippet.html shows the same with the box beside it.\n"
         "  --url URL    where browsers find luotd (https://count.example.gov.vn)\n"
         "  --lang L     vi (default), km or en\n",
     .words_min = 1,
     .words_max = 1,
     .option = {{.name = "url", .key = "url"}, {.name = "lang", .key = "lang"}}},
    {.name = "reload",
     .kind = COMMAND_TEXT,
     .usage = "",
     .sentence = "luotd reads its configuration again",
     .details = ""},
    {.name = "loglevel",
     .kind = COMMAND_TEXT,
     .usage = "[debug|info|warn|error]",
     .sentence = "how much luotd logs; with a word: from now on",
     .details = "",
     .words_min = 0,
     .words_max = 1},
    {.name = "metrics",
     .kind = COMMAND_TEXT,
     .usage = "",
     .sentence = "all counters, as Prometheus reads them",
     .details = ""},
    {.name = "help",
     .kind = COMMAND_HELP,
     .usage = "[COMMAND]",
     .sentence = "this list, or all about one command",
     .details = "",
     .words_min = 0,
     .words_max = 1},
};
enum { COMMAND_COUNT = sizeof COMMANDS / sizeof COMMANDS[0] };

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(COMMANDS[i].name, name) == 0)
            return &COMMANDS[i];
    return NULL;
}

/* --- Help --- */

void command_write_help(FILE *out)
{
    fputs("luotctl asks a running luotd, or tells it what to do.\n"
          "\n"
          "usage: luotctl [--socket PATH] [--json] COMMAND ...\n"
          "\n"
          "  --socket PATH  where luotd listens (default: $LUOT_SOCKET, else\n"
          "                 $RUNTIME_DIRECTORY/luotd.sock, /run/luot/luotd.sock or\n"
          "                 $XDG_RUNTIME_DIR/luot/luotd.sock, the first that exists)\n"
          "  --json         answers as JSON, for programs\n"
          "\n",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-9s %s\n", COMMANDS[i].name, COMMANDS[i].sentence);
    fputs("\n`luotctl help COMMAND` says all about one of them.\n", out);
}

void command_write_details(FILE *out, const struct command *command)
{
    fprintf(out, "%s: %s\n\nusage: luotctl %s%s%s\n", command->name, command->sentence,
            command->name, *command->usage == '\0' ? "" : " ", command->usage);
    if (*command->details != '\0')
        fprintf(out, "\n%s", command->details);
}
