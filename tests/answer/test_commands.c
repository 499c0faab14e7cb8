/* The stats socket's commands, with a real store behind them. */
#include "answer/commands.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "answer/command.h"
#include "base/error.h"
#include "base/log.h"
#include "lib/read_json.h"
#include "office.h"

static const char sites[] =
    "[site demo]\nany_host = yes\ntimezone = UTC\ntitle = <b>Cổng</b>\n"
    "[site other]\nany_host = yes\n";

static struct office *office(void)
{
    struct office *o = office_new(sites);

    office_open_store(o);
    return o;
}

static json_t *ask(struct office *o, const char *line)
{
    char text[512];

    snprintf(text, sizeof text, "json %s", line);
    return read_json(slice_of(office_ask(o, text)));
}

/* ERR name and something that says what to do. */
static void expect_refusal(struct office *o, const char *line, const char *name)
{
    char start[64];
    const char *answer = office_ask(o, line);

    snprintf(start, sizeof start, "ERR %s ", name);
    cr_expect_eq(strncmp(answer, start, strlen(start)), 0, "%s: %s", line, answer);
    cr_expect_gt(strlen(answer), strlen(start) + 10);
    cr_expect_eq(strchr(answer, '\n'), answer + strlen(answer) - 1, "one line");
}

static uint64_t total_visits(const struct office *o)
{
    return site_metric(town_site(&o->town, "demo"), SPAN_TOTAL, METRIC_VISITS,
                       town_now(&o->town));
}

/* --- Lines --- */

Test(commands, all_are_in_help_and_none_breaks_on_nothing)
{
    struct office *o = office();
    char help[16384], line[64];
    size_t count;
    const struct command *command = commands(&count);

    snprintf(help, sizeof help, "%s", office_ask(o, "help"));
    for (size_t i = 0; i < count; i++) {
        cr_expect_not_null(strstr(help, command[i].name), "%s", command[i].name);
        cr_expect_not_null(strstr(help, command[i].sentence));
        office_ask(o, command[i].name);
        snprintf(line, sizeof line, "json %s", command[i].name);
        office_ask(o, line);
        snprintf(line, sizeof line, "%s demo demo demo demo demo demo", command[i].name);
        office_ask(o, line);
    }
    office_free(o);
}

Test(commands, nodes_says_who_is_odd)
{
    struct office *o = office();
    char text[4096];
    json_t *answer, *row;
    size_t i;

    snprintf(text, sizeof text, "%s", office_ask(o, "nodes"));
    cr_expect_not_null(strstr(text, "this one"));
    cr_expect_not_null(strstr(text, "shares visitors"));
    cr_expect_not_null(strstr(text, "WARNING: two machines call themselves a"));
    cr_expect_not_null(strstr(text, "WARNING: the clock of c differs from Redis' by "
                                    "-4000 ms"));
    cr_expect_not_null(strstr(text, "WARNING: 4 sheets were refused"));
    answer = ask(o, "nodes");
    json_array_foreach(json_object_get(answer, "nodes"), i, row)
    {
        cr_expect_eq(json_is_true(json_object_get(row, "this")), i == 0);
        cr_expect_eq(json_is_true(json_object_get(row, "here")), i < 2);
        cr_expect_eq(json_is_true(json_object_get(row, "name_twice")), i < 2);
        cr_expect_eq(json_is_true(json_object_get(row, "clock_differs")), i == 2);
        cr_expect_eq(json_integer_value(json_object_get(row, "age_s")), i == 0   ? 1
                                                                        : i == 1 ? 0
                                                                                 : 100);
    }
    cr_expect_eq(i, 3);
    json_decref(answer);
    office_free(o);
}

Test(commands, check_says_who_is_odd_too)
{
    struct office *o = office();
    char text[8192];
    const char *line;

    snprintf(text, sizeof text, "%s", office_ask(o, "check"));
    line = strstr(text, "two machines call themselves a:");
    cr_assert_not_null(line);
    cr_expect_null(strstr(line + 1, "two machines"), "of two rows, once");
    cr_expect_null(strstr(text, "the clock of c"), "it is gone");
    office_free(o);
}

Test(commands, what_is_wrong_is_one_line_that_says_what_to_do)
{
    struct office *o = office();

    expect_refusal(o, "", "unknown_command");
    expect_refusal(o, "nonsense", "unknown_command");
    expect_refusal(o, "json nonsense", "unknown_command");
    expect_refusal(o, "site", "usage");
    expect_refusal(o, "site demo other", "usage");
    expect_refusal(o, "site nowhere", "unknown_site");
    expect_refusal(o, "stats --colour red", "usage");
    expect_refusal(o, "seed demo --total", "usage");
    expect_refusal(o, "site \"demo", "usage");
    office_free(o);
}

Test(commands, help_as_json_lists_the_same)
{
    struct office *o = office();
    json_t *h = ask(o, "help");
    size_t count;

    (void)commands(&count);
    cr_expect_eq(json_array_size(json_at(h, "commands")), count);
    cr_expect_str_eq(text_at(h, "commands.0.name"), "help");
    json_decref(h);
    cr_expect_not_null(strstr(office_ask(o, "help seed"), "--total"));
    cr_expect_null(strstr(office_ask(o, "help seed"), "adjust"));
    office_free(o);
}

Test(commands, only_load_is_followed_by_a_document)
{
    cr_expect(commands_take_document(SLICE("load")));
    cr_expect(commands_take_document(SLICE("json load")));
    cr_expect(commands_take_document(SLICE("  json   load  ")));
    cr_expect_not(commands_take_document(SLICE("loadx")));
    cr_expect_not(commands_take_document(SLICE("stats")));
    cr_expect_not(commands_take_document(SLICE("json")));
    cr_expect_not(commands_take_document(SLICE("")));
}

Test(commands, lines_that_begin_with_a_dot_are_stuffed)
{
    size_t length;
    char *bytes = console_answer(SLICE(".\n..a\nb.\n.c"), &length);

    cr_assert_not_null(bytes);
    cr_expect(
        slice_equal((struct slice){bytes, length}, SLICE("..\n...a\nb.\n..c\n.\n")));
    free(bytes);
    bytes = console_answer(SLICE(""), &length);
    cr_expect(slice_equal((struct slice){bytes, length}, SLICE(".\n")));
    free(bytes);
}

/* --- Reading --- */

Test(commands, stats_account_for_every_line)
{
    struct office *o = office();
    json_t *s;

    office_post(o, "/b", "", "s=demo\ns=nowhere\ns=demo&k=ping\n\n");
    s = ask(o, "stats");
    cr_expect_eq(integer_at(s, "received"), 4);
    cr_expect_eq(integer_at(s, "counted.view"), 1);
    cr_expect_eq(integer_at(s, "counted.ping"), 1);
    cr_expect_eq(integer_at(s, "rejected.unknown_site"), 1);
    cr_expect_eq(integer_at(s, "rejected.malformed"), 1);
    cr_expect_str_eq(text_at(s, "arena_fs"), "tmpfs");
    cr_expect_str_eq(text_at(s, "version"), "0.0.1");
    cr_expect_eq(integer_at(s, "sites"), 2);
    json_decref(s);
    cr_expect_not_null(
        strstr(office_ask(o, "stats"), "counted.view                     1"));
    cr_expect_not_null(strstr(office_ask(o, "metrics"), "luot_received_total 4\n"));
    office_free(o);
}

Test(commands, sites_are_all_sites)
{
    struct office *o = office();
    json_t *s;

    office_post(o, "/b", "", "s=demo");
    s = ask(o, "sites");
    cr_expect_eq(json_array_size(json_at(s, "sites")), 2u);
    cr_expect_str_eq(text_at(s, "sites.0.site"), "demo");
    cr_expect_str_eq(text_at(s, "sites.0.title"), "<b>Cổng</b>");
    json_decref(s);
    cr_expect_not_null(strstr(office_ask(o, "sites"), "\nother "));
    office_free(o);
}

Test(commands, one_site_and_its_snapshot)
{
    struct office *o = office();
    json_t *s;

    office_post(o, "/b", "", "s=demo");
    s = ask(o, "site demo");
    cr_expect_str_eq(text_at(s, "settings.timezone"), "UTC");
    cr_expect_eq(integer_at(s, "first_live"), TOWN_NOON);
    json_decref(s);
    cr_expect_not_null(strstr(office_ask(o, "site demo"), "timezone         UTC\n"));
    s = ask(o, "snapshot demo");
    cr_expect_eq(integer_at(s, "periods.today.views"), 1);
    json_decref(s);
    cr_expect_not_null(strstr(office_ask(o, "snapshot demo"), "today"));
    office_free(o);
}

Test(commands, a_series_is_asked_by_places_or_by_options)
{
    struct office *o = office();
    json_t *s;

    office_post(o, "/b", "", "s=demo");
    s = ask(o, "series demo views day 2026-11-24 2026-11-26");
    cr_expect_eq(json_array_size(json_at(s, "points")), 2u);
    cr_expect(null_at(s, "points.0.1"));
    cr_expect_eq(integer_at(s, "points.1.1"), 1);
    json_decref(s);
    s = ask(o, "series demo step=minute metric=visits from=1795575600 to=1795575660");
    cr_expect_eq(json_array_size(json_at(s, "points")), 1u);
    cr_expect_eq(integer_at(s, "points.0.1"), 1);
    json_decref(s);
    cr_expect_not_null(strstr(office_ask(o, "series demo views day 2026-11-25"),
                              "2026-11-25            1\n"));
    expect_refusal(o, "series demo clicks", "usage");
    expect_refusal(o, "series demo views fortnight", "usage");
    expect_refusal(o, "series demo visitors hour", "usage");
    expect_refusal(o, "series demo views day tomorrow", "usage");
    expect_refusal(o, "series demo views day 2026-11-25 2026-11-25", "range");
    office_free(o);
}

Test(commands, a_report_is_by_hour_day_week_or_month)
{
    static const char *const lines[] = {"report demo",
                                        "report demo by=day",
                                        "report demo by day",
                                        "report demo day 2026-11-01 2026-12-01",
                                        "report demo by=day from=2026-11-25",
                                        "report demo --by day --to 2026-11-26"};
    struct office *o = office();
    json_t *r;

    office_post(o, "/b", "", "s=demo\ns=demo");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        r = ask(o, lines[i]);
        expect_members(r, "site,by,zone,as_of,rows");
        cr_expect_eq(json_array_size(json_at(r, "rows")), 1u, "%s", lines[i]);
        cr_expect_str_eq(text_at(r, "rows.0.day"), "2026-11-25");
        cr_expect_eq(integer_at(r, "rows.0.views"), 2);
        cr_expect_eq(integer_at(r, "rows.0.visits"), 1);
        cr_expect_eq(integer_at(r, "rows.0.visitors"), 1);
        cr_expect(true_at(r, "rows.0.exact"));
        json_decref(r);
    }
    r = ask(o, "report demo by=week");
    cr_expect_str_eq(text_at(r, "rows.0.week"), "2026-W48");
    json_decref(r);
    cr_expect_not_null(strstr(office_ask(o, "report demo by month"), "2026-11 "));
    expect_refusal(o, "report demo by=minute", "usage");
    expect_refusal(o, "report demo by", "usage");
    expect_refusal(o, "report demo day never", "usage");
    office_free(o);
}

/* --- Changing --- */

Test(commands, a_seed_sets_and_says_so)
{
    struct office *o = office();
    json_t *s;

    for (int i = 0; i < 2; i++) {
        s = ask(o, "seed demo --metric visits --total 50510 --week 84 --today=2 "
                   "note=\"the old counter\"");
        cr_expect_eq(integer_at(s, "new"), 50510);
        cr_expect_eq(integer_at(s, "old"), i == 0 ? 0 : 50510);
        json_decref(s);
    }
    cr_expect_eq(total_visits(o), 50510u);
    office_post(o, "/b", "", "s=demo");
    cr_expect_eq(total_visits(o), 50511u);
    s = ask(o, "snapshot demo");
    cr_expect_eq(integer_at(s, "seed.visits.total"), 50510);
    cr_expect_eq(integer_at(s, "periods.week.visits"), 85);
    cr_expect_eq(integer_at(s, "periods.today.visits"), 3);
    json_decref(s);
    cr_expect_not_null(strstr(office_ask(o, "audit demo"), "the old counter"));
    cr_expect_null(strstr(office_ask(o, "audit other"), "the old counter"));
    office_free(o);
}

Test(commands, a_seed_that_makes_no_sense_changes_nothing)
{
    struct office *o = office();

    expect_refusal(o, "seed demo", "usage");
    expect_refusal(o, "seed demo --total 50.510", "usage");
    expect_refusal(o, "seed demo --total -1", "usage");
    expect_refusal(o, "seed demo --total 1 --metric clicks", "usage");
    expect_refusal(o, "seed demo --total 1 --as-of tomorrow", "usage");
    expect_refusal(o, "seed demo --total 1 --as-of 2026-12-24", "range");
    expect_refusal(o, "seed demo --total 9007199254740992", "range");
    expect_refusal(o, "seed nowhere --total 1", "unknown_site");
    cr_expect_eq(total_visits(o), 0u);
    office_free(o);
}

Test(commands, an_adjustment_is_one_more_line)
{
    struct office *o = office();
    json_t *s;

    office_post(o, "/b", "", "s=demo");
    s = ask(o, "adjust demo --metric visits --day 2026-11-24 --by 5 --note \"lost day\"");
    cr_expect_eq(integer_at(s, "old"), 1);
    cr_expect_eq(integer_at(s, "new"), 6);
    json_decref(s);
    s = ask(o, "adjust demo metric=visits day=2026-11-24 by=-2");
    cr_expect_eq(integer_at(s, "new"), 4);
    json_decref(s);
    s = ask(o, "audit demo");
    cr_expect_eq(json_array_size(json_at(s, "rows")), 2u);
    cr_expect_eq(integer_at(s, "rows.0.at"), TOWN_NOON);
    cr_expect_eq(integer_at(s, "rows.0.uid"), 0);
    cr_expect_not_null(strstr(text_at(s, "rows.0.what"), "lost day"));
    json_decref(s);
    expect_refusal(o, "adjust demo --by nothing", "usage");
    expect_refusal(o, "adjust demo --by 0", "usage");
    expect_refusal(o, "adjust demo", "usage");
    expect_refusal(o, "adjust demo --day 2026-12-24 --by 1", "range");
    expect_refusal(o, "adjust demo --metric visits --day 2026-11-20 --by -1", "range");
    office_free(o);
}

Test(commands, a_note_is_cut_between_characters)
{
    struct office *o = office();
    char line[1024] = "adjust demo --by 1 --note \"";
    json_t *s;

    for (int i = 0; i < 200; i++)
        strcat(line, "ổ");
    strcat(line, "\"");
    office_ask(o, line);
    s = ask(o, "audit demo");
    cr_expect_null(strstr(text_at(s, "rows.0.what"), "\xEF\xBF\xBD"));
    json_decref(s);
    office_free(o);
}

/* --- Imports --- */

Test(commands, what_an_import_needs_to_know)
{
    struct office *o = office();
    json_t *s;

    office_post(o, "/b", "", "s=demo");
    s = ask(o, "import-key demo");
    cr_expect_eq(strlen(text_at(s, "key")), 32u);
    cr_expect_gt(integer_at(s, "key_id"), 0);
    cr_expect_lt(integer_at(s, "key_id"), INT64_C(1) << 53);
    cr_expect_eq(integer_at(s, "first_live_s"), TOWN_NOON);
    cr_expect_str_eq(text_at(s, "timezone"), "UTC");
    cr_expect_eq(integer_at(s, "session_idle_s"), 1800);
    json_decref(s);
    s = ask(o, "import-key other");
    cr_expect_eq(integer_at(s, "first_live_s"), 0, "nobody was there yet");
    json_decref(s);
    s = ask(o, "source demo 00000000000000ff");
    cr_expect_not(true_at(s, "known"));
    cr_expect_eq(integer_at(s, "bytes"), 0);
    json_decref(s);
    expect_refusal(o, "source demo xyz", "usage");
    expect_refusal(o, "source demo 00112233445566778", "usage");
    office_free(o);
}

static void piece(struct office *o, char *ret_text, size_t size)
{
    json_t *key = ask(o, "import-key demo");

    snprintf(
        ret_text, size,
        "luot-load 1\nsite demo\nkey_id %lld\n"
        "source 00000000000000ff bytes=100 lines=4 parsed=3 malformed=1 views=3 "
        "skipped=0 from=1793577600 to=1793581200 name=access.log\n"
        "from_byte 0\n"
        "day 2026-11-02 views=3\nhour %d views=3\n"
        "mark 00000000001 149464800 149464810\nmark 00000000002 149464900 149464900\n"
        "end\n",
        (long long)integer_at(key, "key_id"), 1793577600 / 3600);
    json_decref(key);
}

Test(commands, a_series_without_from_is_as_long_as_its_step_is_good_for)
{
    static const struct {
        const char *command;
        size_t least, most;
    } cases[] = {{"series demo metric=views step=minute", 1440, 1441},
                 {"series demo metric=views step=hour", 168, 169},
                 {"series demo", 24, 24}, /* from the first number on */
                 {"series demo step=month", 1, 1}};
    struct office *o = office();
    char document[2048];

    piece(o, document, sizeof document);
    (void)office_load(o, "json load", slice_of(document));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *s = ask(o, cases[i].command);
        size_t n = json_array_size(json_at(s, "points"));
        cr_expect(n >= cases[i].least && n <= cases[i].most, "%s: %zu points",
                  cases[i].command, n);
        json_decref(s);
    }
    office_free(o);
}

Test(commands, a_document_is_loaded_once)
{
    struct office *o = office();
    char document[2048];
    json_t *s;

    piece(o, document, sizeof document);
    s = read_json(slice_of(office_load(o, "json load", slice_of(document))));
    expect_members(s, "file,lines,parsed,malformed,views,skipped,visits,visitors,from,to,"
                      "already_imported");
    cr_expect_str_eq(text_at(s, "file"), "access.log");
    cr_expect_eq(integer_at(s, "views"), 3);
    cr_expect_eq(integer_at(s, "malformed"), 1);
    cr_expect_eq(integer_at(s, "from"), 1793577600);
    cr_expect_not(true_at(s, "already_imported"));
    json_decref(s);
    s = ask(o, "source demo 00000000000000ff");
    cr_expect(true_at(s, "known"));
    cr_expect_eq(integer_at(s, "bytes"), 100);
    cr_expect_str_eq(text_at(s, "name"), "access.log");
    json_decref(s);
    s = ask(o, "report demo by=day");
    cr_expect_str_eq(text_at(s, "rows.0.day"), "2026-11-02");
    cr_expect_eq(integer_at(s, "rows.0.views"), 3);
    cr_expect_eq(integer_at(s, "rows.0.visitors"), 2);
    json_decref(s);
    s = ask(o, "report demo by=hour from=2026-11-02 to=2026-11-03");
    cr_expect_eq(integer_at(s, "rows.0.views"), 3);
    json_decref(s);
    cr_expect_eq(strncmp(office_load(o, "load", slice_of(document)), "ERR exists ", 11),
                 0);
    cr_expect_eq(
        strncmp(office_load(o, "load", SLICE("nonsense\n")), "ERR malformed ", 14), 0);
    office_free(o);
}

/* --- luotd itself --- */

Test(commands, reload_says_what_is_wrong)
{
    struct office *o = office();
    json_t *s = ask(o, "reload");

    cr_expect(true_at(s, "reloaded"));
    json_decref(s);
    o->reload_error = ERR_MALFORMED;
    expect_refusal(o, "reload", "configuration");
    cr_expect_not_null(strstr(o->bytes, "luotd.conf:1"));
    cr_expect_eq(o->reloads, 2u);
    office_free(o);
}

Test(commands, loglevel_is_said_and_set)
{
    struct office *o = office();
    json_t *s;

    cr_expect_str_eq(office_ask(o, "loglevel error"), "loglevel error\n");
    s = ask(o, "loglevel");
    cr_expect_str_eq(text_at(s, "loglevel"), "error");
    json_decref(s);
    cr_expect_eq(log_get_level(), LOG_ERROR);
    expect_refusal(o, "loglevel loud", "usage");
    office_free(o);
}

/* --- When it cannot --- */

Test(commands, without_a_store_nothing_is_kept_and_that_is_said)
{
    struct office *o = office_new(sites);

    expect_refusal(o, "seed demo --total 1", "no_store");
    expect_refusal(o, "adjust demo --by 1", "no_store");
    expect_refusal(o, "audit demo", "no_store");
    expect_refusal(o, "source demo ff", "no_store");
    json_decref(ask(o, "import-key demo"));
    json_decref(ask(o, "report demo"));
    office_free(o);
}

Test(commands, a_full_queue_is_busy_and_the_end_is_stopping)
{
    static const char *const lines[] = {"sites",
                                        "report demo",
                                        "series demo views day",
                                        "seed demo --total 1",
                                        "adjust demo --by 1",
                                        "load",
                                        "source demo ff",
                                        "import-key demo",
                                        "audit demo"};
    struct office *o = office();

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        o->submit_error = ERR_FULL;
        expect_refusal(o, lines[i], "busy");
        o->submit_error = 0;
        o->canceled = true;
        expect_refusal(o, lines[i], "stopping");
        o->canceled = false;
    }
    cr_expect_eq(total_visits(o), 0u);
    office_free(o);
}
