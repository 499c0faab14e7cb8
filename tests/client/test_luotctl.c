/* luotctl as a function, against a luotd of one thread that says what a test tells it. */
#include "luotctl_run.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "luotctl_show.h"
#include "luotctl_socket.h"
#include "luotctl_table.h"

/* --- luotd --- */

enum { EXCHANGES = 8, SEEN = 4096 };

struct fake {
    char folder[64], path[96];
    int door;
    pthread_t thread;
    const char *answer[EXCHANGES]; /* in this order; NULL: close without one */
    unsigned exchanges;
    char seen[EXCHANGES][SEEN]; /* what came, up to what the command needs */
};

/* A command line; with `load`, up to a line `.`. */
static void read_command(int fd, char *seen)
{
    size_t length = 0;
    while (length + 1 < SEEN) {
        if (recv(fd, seen + length, 1, 0) != 1)
            break;
        seen[++length] = '\0';
        bool load = strncmp(seen, "load", 4) == 0 || strncmp(seen, "json load", 9) == 0;
        if (seen[length - 1] == '\n' && (!load || strstr(seen, "\n.\n") != NULL))
            break;
    }
}

static void *fake_run(void *argument)
{
    struct fake *fake = argument;
    for (unsigned i = 0; i < fake->exchanges; i++) {
        int fd = accept(fake->door, NULL, NULL);
        read_command(fd, fake->seen[i]);
        if (fake->answer[i] != NULL)
            (void)!send(fd, fake->answer[i], strlen(fake->answer[i]), MSG_NOSIGNAL);
        close(fd);
    }
    return NULL;
}

static void fake_start(struct fake *fake, unsigned exchanges)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    strcpy(fake->folder, "/tmp/test-luotctl-XXXXXX");
    cr_assert_not_null(mkdtemp(fake->folder));
    snprintf(fake->path, sizeof fake->path, "%s/luotd.sock", fake->folder);
    strcpy(at.sun_path, fake->path);
    fake->door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(fake->door, (struct sockaddr *)&at, sizeof at), 0);
    cr_assert_eq(listen(fake->door, EXCHANGES), 0);
    fake->exchanges = exchanges;
    cr_assert_eq(pthread_create(&fake->thread, NULL, fake_run, fake), 0);
}

static void fake_stop(struct fake *fake)
{
    pthread_join(fake->thread, NULL);
    close(fake->door);
    unlink(fake->path);
    rmdir(fake->folder);
}

/* --- luotctl --- */

struct said {
    char *out, *err;
    int status;
};

/* luotctl with these arguments, the last one NULL. */
static struct said run(const char *const *arguments)
{
    struct said said = {0};
    size_t out_length, err_length;
    FILE *out = open_memstream(&said.out, &out_length);
    FILE *err = open_memstream(&said.err, &err_length);
    char *argv[24] = {NULL};
    int argc = 0;
    for (; arguments[argc] != NULL; argc++)
        argv[argc] = strdup(arguments[argc]);
    said.status = luotctl_run(out, err, argc, argv);
    fclose(out);
    fclose(err);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    return said;
}
#define RUN(...) run((const char *const[]){"luotctl", __VA_ARGS__, NULL})

static void forget(struct said *said)
{
    free(said->out);
    free(said->err);
}

static void expect_usage(struct said said, const char *words)
{
    cr_expect_eq(said.status, EX_USAGE);
    cr_expect_str_empty(said.out);
    cr_expect_not_null(strstr(said.err, words), "%s", said.err);
    forget(&said);
}

/* --- Tables --- */

Test(luotctl_table, writes_numbers_as_in_vietnam)
{
    static const struct {
        int64_t number;
        const char *text;
    } cases[] = {{0, "0"},
                 {999, "999"},
                 {1000, "1.000"},
                 {50510, "50.510"},
                 {-1234567, "-1.234.567"},
                 {INT64_MIN, "-9.223.372.036.854.775.808"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[32];
        number_write(cases[i].number, text);
        cr_expect_str_eq(text, cases[i].text);
    }
}

Test(luotctl_table, measures_what_a_terminal_shows)
{
    cr_expect_eq(text_width(SLICE("abc")), 3);
    cr_expect_eq(text_width(SLICE("L\xC6\xB0\xE1\xBB\xA3t")), 4); /* Lượt */
    /* The same, combining. */
    cr_expect_eq(text_width(SLICE("Lu\xCC\x9Bo\xCC\x9B\xCC\xA3t")), 4);
    cr_expect_eq(text_width(SLICE("\xE6\x97\xA5\xE6\x9C\xAC")), 4); /* two wide ones */
    cr_expect_eq(text_width(SLICE("a\xFFz")), 3);                   /* no UTF-8      */
}

static char *print_table(struct table *t)
{
    char *text;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    cr_assert_eq(table_print(t, out, 2, false), 0);
    fclose(out);
    table_release(t);
    return text;
}

Test(luotctl_table, puts_numbers_to_the_right_and_text_to_the_left)
{
    struct table t = {0};
    table_row(&t);
    table_text(&t, CELL_HEADING, SLICE("page"));
    table_text(&t, CELL_HEADING_NUMBER, SLICE("views"));
    table_text(&t, CELL_HEADING, SLICE("note"));
    table_row(&t);
    table_text(&t, CELL_TEXT, SLICE("/t\xE1\xBB\x89nh"));
    table_number(&t, 1234567);
    table_text(&t, CELL_TEXT, SLICE("x"));
    table_row(&t);
    table_text(&t, CELL_TEXT, SLICE("/"));
    table_number(&t, 5);
    char *text = print_table(&t);
    cr_expect_str_eq(text, "  page       views  note\n"
                           "  /t\xE1\xBB\x89nh  1.234.567  x\n"
                           "  /              5\n");
    free(text);
}

Test(luotctl_table, lets_no_stranger_move_the_cursor)
{
    struct table t = {0};
    table_row(&t);
    table_text(&t, CELL_TEXT, SLICE("a\033[2J\r\n\xC2\x9B\xE2\x80\xAE"));
    char *text = print_table(&t);
    cr_expect_str_eq(text, "  a\xEF\xBF\xBD[2J\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
                           "\xEF\xBF\xBD\n");
    free(text);
}

/* --- Documents --- */

static void expect_shown(const char *json, const char *expected)
{
    char *text;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    cr_expect_eq(show_json(slice_of(json), out, false), 0);
    fclose(out);
    cr_expect_str_eq(text, expected);
    free(text);
}

Test(luotctl_show, shows_pairs_rows_and_what_is_nested)
{
    expect_shown(
        "{\"site\":\"portal\",\"tz\":\"Asia/Ho_Chi_Minh\",\"as_of\":1793552410,"
        "\"durable\":true,\"nodes\":1000,\"since\":null,\"gaps\":[],"
        "\"periods\":{\"last_24h\":{\"views\":50510,\"exact\":true,\"error\":0.0102},"
        "\"today\":{\"views\":2,\"exact\":false,\"error\":0}},"
        "\"refused\":{\"bot\":3}}",
        "site     portal\n"
        "tz       Asia/Ho_Chi_Minh\n"
        "as of    2026-11-02 00:00:10\n"
        "durable  yes\n"
        "nodes    1.000\n"
        "since    -\n"
        "gaps     none\n"
        "\n"
        "periods\n"
        "             views  exact  error\n"
        "  last 24h  50.510  yes    1,0 %\n"
        "  today          2  no         0\n"
        "\n"
        "refused\n"
        "  bot  3\n");
}

Test(luotctl_show, shows_a_series_by_the_clock_of_its_site)
{
    expect_shown("{\"tz\":\"Asia/Ho_Chi_Minh\",\"points\":[[1793552400,7],[1793638800,"
                 "null]]}",
                 "tz  Asia/Ho_Chi_Minh\n"
                 "\n"
                 "points\n"
                 "  2026-11-02  7\n"
                 "  2026-11-03  -\n");
    expect_shown("{\"points\":[[1793552400,7],[1793552460,1234]]}",
                 "\n"
                 "points\n"
                 "  2026-11-01 17:00 UTC      7\n"
                 "  2026-11-01 17:01 UTC  1.234\n");
}

Test(luotctl_show, shows_no_points_that_are_still_to_come)
{
    expect_shown("{\"as_of\":1793552401,\"points\":[[1793552400,7],[1793552401,null],"
                 "[1793552460,null]]}",
                 "as of  2026-11-01 17:00:01 UTC\n"
                 "\n"
                 "points\n"
                 "  2026-11-01 17:00:00 UTC  7\n"
                 "  2026-11-01 17:00:01 UTC  -\n");
}

Test(luotctl_show, shows_durations_as_people_say_them)
{
    expect_shown("{\"online_window_s\":300,\"session_idle_s\":1800,\"uptime_s\":93784,"
                 "\"wait_s\":0,\"last_ms\":1.5,\"keeper_as_of_s\":1793552400,"
                 "\"group\":\"\"}",
                 "online window  5 min\n"
                 "session idle   30 min\n"
                 "uptime         1 d 2 h\n"
                 "wait           0 s\n"
                 "last           1,5 ms\n"
                 "keeper as of   2026-11-01 17:00:00 UTC\n"
                 "group          -\n");
}

Test(luotctl_show, takes_the_columns_of_all_rows)
{
    expect_shown("[{\"day\":\"2026-11-01\",\"views\":1},{\"day\":\"2026-11-02\","
                 "\"visits\":2.5}]",
                 "day         views  visits\n"
                 "2026-11-01      1  -\n"
                 "2026-11-02  -         2,5\n");
    expect_shown("[]", "none\n");
}

/* --- What is typed and what is sent --- */

static void expect_sent(const char *const *arguments, const char *expected)
{
    char line[COMMAND_LINE + 256], sentence[512] = "";
    char *argv[24] = {NULL};
    int argc = 0;
    struct invocation i;
    struct buffer b;
    for (; arguments[argc] != NULL; argc++)
        argv[argc] = strdup(arguments[argc]);
    buffer_init(&b, line, sizeof line);
    cr_expect_eq(invocation_parse(&i, argc, argv, sentence), 0, "%s", sentence);
    cr_expect_eq(invocation_write(&b, &i, false, sentence), 0, "%s", sentence);
    cr_expect(slice_equal(buffer_written(&b), slice_of(expected)), "%.*s", (int)b.length,
              line);
    for (int n = 0; n < argc; n++)
        free(argv[n]);
}
#define SENT(expected, ...)                                                              \
    expect_sent((const char *const[]){__VA_ARGS__, NULL}, expected)

Test(luotctl_command, becomes_a_line_for_luotd)
{
    SENT("stats", "stats");
    SENT("site portal", "site", "portal");
    SENT("series portal from=2026-11-01 to=2026-12-01", "series", "--from", "2026-11-01",
         "portal", "--to=2026-12-01");
    SENT("series portal metric=views step=hour from=1 to=2", "series", "portal", "--to",
         "2", "--from", "1", "--step=hour", "--metric", "views");
    SENT("report portal by=week from=1 to=2", "report", "portal", "--by", "week",
         "--from", "1", "--to", "2");
    SENT("seed portal metric=visits total=50510 today=2 week=84 as_of=2026-11-01 "
         "\"note=from the \\\"old\\\" box\"",
         "seed", "portal", "--metric", "visits", "--total", "50510", "--week", "84",
         "--today", "2", "--as-of", "2026-11-01", "--note", "from the \"old\" box");
    SENT("adjust portal metric=views day=2026-11-01 by=-3 note=test", "adjust", "portal",
         "--metric", "views", "--day", "2026-11-01", "--by", "-3", "--note", "test");
    SENT("loglevel \"\"", "loglevel", "");
    SENT("site --portal", "site", "--", "--portal");
}

Test(luotctl_command, says_what_is_wrong_with_what_was_typed)
{
    expect_usage(RUN("nonsense"), "there is no command nonsense");
    expect_usage(RUN("--nonsense", "stats"), "before the command");
    expect_usage(RUN("--socket"), "--socket needs");
    expect_usage(RUN("site"), "it needs more words: KEY");
    expect_usage(RUN("snapshot", "a", "b"), "one word too many: b");
    expect_usage(RUN("adjust", "portal"), "it needs --day");
    expect_usage(RUN("series", "portal", "--from"), "it needs a value: --from");
    expect_usage(RUN("report", "portal", "--by", "day", "--by=day"), "given twice");
    expect_usage(RUN("report", "portal", "--bye", "day"), "there is no option --bye");
    expect_usage(RUN("import", "a.log"), "it needs --site");
    expect_usage(RUN("import", "--site", "portal"), "at least one FILE");
    expect_usage(RUN("import", "--site", "portal", "a.log", "--dry-run"),
                 "options stand before the files");
    expect_usage(RUN("import", "--dry-run=1", "--site=portal", "a.log"), "no value");
    expect_usage(RUN("import", "--site", "portal", "--rule", "x", "a.log"), "--rule is");
    expect_usage(RUN("site", "a\nreload"), "end of a line");
    expect_usage(RUN("help", "nonsense"), "no such command");
    expect_usage(run((const char *const[]){"luotctl", NULL}), "usage: luotctl");
}

Test(luotctl_command, may_be_given_an_option_again_where_that_makes_a_list)
{
    struct said said = RUN("reader", "add", "anna", "--site", "a", "--group=x \"y\"",
                           "--site", "b", "--site=c");
    char hash[65] = "";

    cr_expect_eq(said.status, 0, "%s", said.err);
    cr_expect_eq(sscanf(said.out, "[reader anna]\ntoken_hash = %64[0-9a-f]\n", hash), 1);
    cr_expect_eq(strlen(hash), 64u);
    cr_expect_not_null(
        strstr(said.out, "\nsites = \"a, b, c\"\ngroups = \"x \\\"y\\\"\"\n"), "%s",
        said.out);
    cr_expect_null(strstr(said.err, hash), "the token is not its hash");
    forget(&said);
    expect_usage(RUN("reader", "add", "anna"), "say what the token opens");
    expect_usage(RUN("reader", "add", "an na", "--all"), "a reader's name is");
    expect_usage(RUN("reader", "add", "anna", "--all", "--all"), "it is given twice");
    expect_usage(RUN("reader", "drop", "anna"), "luotctl help reader");
}

Test(luotctl_command, helps)
{
    struct said said = RUN("help");
    cr_expect_eq(said.status, 0);
    cr_expect_not_null(strstr(said.out, "  import "));
    forget(&said);
    said = RUN("help", "seed");
    cr_expect_eq(said.status, 0);
    cr_expect_not_null(strstr(said.out, "--total N"));
    forget(&said);
    said = RUN("--help");
    cr_expect_eq(said.status, 0);
    forget(&said);
}

/* --- The socket --- */

Test(luotctl_socket, asks_and_shows_the_answer)
{
    struct fake fake = {.answer = {"{\"received\":50510}\n.\n"}};
    fake_start(&fake, 1);
    struct said said = RUN("--socket", fake.path, "stats");
    fake_stop(&fake);
    cr_expect_eq(said.status, 0);
    cr_expect_str_eq(said.out, "received  50.510\n");
    cr_expect_str_eq(fake.seen[0], "json stats\n");
    forget(&said);
}

Test(luotctl_socket, gives_programs_json_as_it_came)
{
    struct fake fake = {.answer = {"{\"received\":50510}\n.\n"}};
    fake_start(&fake, 1);
    struct said said = RUN("--json", "--socket", fake.path, "stats");
    fake_stop(&fake);
    cr_expect_str_eq(said.out, "{\"received\":50510}\n");
    forget(&said);
}

Test(luotctl_socket, takes_the_dots_away)
{
    struct fake fake = {.answer = {"# a\n..b\n...\nc.\n.\n"}};
    fake_start(&fake, 1);
    struct said said = RUN("--socket", fake.path, "metrics");
    fake_stop(&fake);
    cr_expect_str_eq(said.out, "# a\n.b\n..\nc.\n");
    cr_expect_str_eq(fake.seen[0], "metrics\n");
    forget(&said);
}

Test(luotctl_socket, says_why_luotd_refused)
{
    struct fake fake = {.answer = {"ERR unknown_site there is no site x\n.\n"}};
    fake_start(&fake, 1);
    struct said said = RUN("--socket", fake.path, "site", "x");
    fake_stop(&fake);
    cr_expect_eq(said.status, 1);
    cr_expect_str_empty(said.out);
    cr_expect_str_eq(said.err, "luotctl: there is no site x\n");
    forget(&said);
}

Test(luotctl_socket, says_that_luotd_went_away)
{
    struct fake fake = {.answer = {"half of an ans", NULL}};
    fake_start(&fake, 2);
    struct said said = RUN("--socket", fake.path, "stats");
    cr_expect_eq(said.status, EX_UNAVAILABLE);
    cr_expect_not_null(strstr(said.err, "went away"));
    forget(&said);
    said = RUN("--socket", fake.path, "stats");
    fake_stop(&fake);
    cr_expect_eq(said.status, EX_UNAVAILABLE);
    forget(&said);
}

Test(luotctl_socket, says_that_luotd_does_not_answer)
{
    struct said said = RUN("--socket", "/tmp/no-luotd-here.sock", "stats");
    cr_expect_eq(said.status, EX_UNAVAILABLE);
    cr_expect_not_null(strstr(said.err, "luotd does not answer at /tmp/no-luotd-here"),
                       "%s", said.err);
    forget(&said);
}

Test(luotctl_socket, is_found_where_luotd_puts_it)
{
    char path[SOCKET_PATH_MAX], sentence[SOCKET_SENTENCE_MAX], folder[128], made[64];
    strcpy(made, "/tmp/test-luotctl-XXXXXX");
    cr_assert_not_null(mkdtemp(made));
    unsetenv("LUOT_SOCKET");
    setenv("RUNTIME_DIRECTORY", made, 1);
    snprintf(folder, sizeof folder, "%s/luotd.sock", made);
    FILE *file = fopen(folder, "w");
    fclose(file);
    cr_expect_eq(socket_find(path, NULL, sentence), 0);
    cr_expect_str_eq(path, folder);
    setenv("LUOT_SOCKET", "/named/by.sock", 1);
    cr_expect_eq(socket_find(path, NULL, sentence), 0);
    cr_expect_str_eq(path, "/named/by.sock");
    cr_expect_eq(socket_find(path, "/given.sock", sentence), 0);
    cr_expect_str_eq(path, "/given.sock");
    memset(path, 'x', sizeof path);
    char long_path[200];
    memset(long_path, 'x', sizeof long_path);
    long_path[199] = '\0';
    cr_expect_eq(socket_find(path, long_path, sentence), EX_USAGE);
    unlink(folder);
    rmdir(made);
}

Test(luotctl_socket, sends_a_document_with_its_dots_doubled)
{
    struct fake fake = {.answer = {"loaded\n.\n"}};
    char file[128];
    fake_start(&fake, 1);
    snprintf(file, sizeof file, "%s/document", fake.folder);
    FILE *document = fopen(file, "w");
    fputs(".a\nb.\n.\nc", document);
    fclose(document);
    struct said said = RUN("--socket", fake.path, "load", file);
    unlink(file);
    fake_stop(&fake);
    cr_expect_eq(said.status, 0);
    cr_expect_str_eq(said.out, "loaded\n");
    cr_expect_str_eq(fake.seen[0], "load\n..a\nb.\n..\nc\n.\n");
    forget(&said);
}

/* --- import --- */

#define IMPORT_KEY                                                                       \
    "{\"key\":\"000102030405060708090a0b0c0d0e0f\",\"key_id\":3,\"first_live_s\":0,"     \
    "\"timezone\":\"Asia/Ho_Chi_Minh\",\"session_idle_s\":1800,"                         \
    "\"settings\":\"geo_db = none\\n[site portal]\\n\"}\n.\n"

static void write_log(const struct fake *fake, char file[128])
{
    snprintf(file, 128, "%s/access.log", fake->folder);
    FILE *log = fopen(file, "w");
    fputs("1.2.3.4 - - [01/Nov/2026:23:59:50 +0700] \"GET / HTTP/1.1\" 200 1\n"
          "junk\n",
          log);
    fclose(log);
}

Test(luotctl_import, loads_a_log_and_says_what_was_in_it)
{
    struct fake fake = {.answer = {IMPORT_KEY, "{\"bytes\":0}\n.\n", "{}\n.\n"}};
    char file[128], expected[512];
    fake_start(&fake, 3);
    write_log(&fake, file);
    struct said said = RUN("--socket", fake.path, "import", "--site", "portal", file);
    unlink(file);
    fake_stop(&fake);
    cr_expect_eq(said.status, 0);
    snprintf(expected, sizeof expected,
             "%s: imported\n"
             "  2  lines\n"
             "  1  records\n"
             "  1  malformed lines\n"
             "  1  page views\n"
             "  1  visitors\n"
             "\n"
             "  day         views  visitors\n"
             "  2026-11-01      1         1\n",
             file);
    cr_expect_str_eq(said.out, expected);
    snprintf(expected, sizeof expected, "%s: line 2: no_match: junk\n", file);
    cr_expect_str_eq(said.err, expected);
    cr_expect_str_eq(fake.seen[0], "json import-key portal\n");
    cr_expect(strncmp(fake.seen[1], "json source portal ", 19) == 0);
    cr_expect(strncmp(fake.seen[2], "json load\nluot-load 1\nsite portal\nkey_id 3\n",
                      43) == 0);
    cr_expect_not_null(strstr(fake.seen[2], "name=access.log\n"));
    cr_expect_not_null(strstr(fake.seen[2], "\ntop 2026-11-01 pages 1 1 0 /\n"));
    forget(&said);
}

Test(luotctl_import, says_that_it_cannot_read_the_lists_that_luotd_uses)
{
    struct fake fake = {
        .answer = {"{\"key\":\"000102030405060708090a0b0c0d0e0f\",\"key_id\":3,"
                   "\"first_live_s\":0,\"timezone\":\"UTC\",\"session_idle_s\":1800,"
                   "\"settings\":\"geo_db = none\\nbot_list = /nowhere/bots.list\\n"
                   "[site portal]\\n\"}\n.\n"}};
    char file[128];
    fake_start(&fake, 1);
    write_log(&fake, file);
    struct said said = RUN("--socket", fake.path, "import", "--site", "portal", file);
    unlink(file);
    fake_stop(&fake);
    cr_expect_eq(said.status, EX_UNAVAILABLE);
    cr_expect_not_null(strstr(said.err, "/nowhere/bots.list"));
    forget(&said);
}

Test(luotctl_import, says_in_json_that_a_log_is_imported_already)
{
    struct fake fake = {.answer = {IMPORT_KEY, "{\"bytes\":1000000}\n.\n"}};
    char file[128], expected[512];
    fake_start(&fake, 2);
    write_log(&fake, file);
    struct said said =
        RUN("--socket", fake.path, "--json", "import", "--site=portal", file);
    unlink(file);
    fake_stop(&fake);
    cr_expect_eq(said.status, 0);
    snprintf(expected, sizeof expected,
             "{\"file\":\"%s\",\"lines\":0,\"parsed\":0,\"malformed\":0,\"views\":0,"
             "\"robots\":0,\"internal\":0,\"denied\":0,"
             "\"skipped\":0,\"visitors\":0,\"from\":null,\"to\":null,"
             "\"already_imported\":true,\"dry_run\":false}\n",
             file);
    cr_expect_str_eq(said.out, expected);
    cr_expect_not_null(strstr(said.err, "shorter"));
    forget(&said);
}

Test(luotctl_import, loads_nothing_when_it_is_dry)
{
    struct fake fake = {.answer = {IMPORT_KEY, "{\"bytes\":0}\n.\n"}};
    char file[128];
    fake_start(&fake, 2);
    write_log(&fake, file);
    struct said said =
        RUN("--socket", fake.path, "import", "--dry-run", "--site", "portal", file);
    unlink(file);
    fake_stop(&fake);
    cr_expect_eq(said.status, 0);
    cr_expect_not_null(strstr(said.out, ": would be imported\n"));
    forget(&said);
}

Test(luotctl_import, goes_on_after_a_file_that_is_not_there)
{
    struct fake fake = {.answer = {IMPORT_KEY, "{\"bytes\":0}\n.\n",
                                   "ERR exists it is there already\n.\n"}};
    char file[128];
    fake_start(&fake, 3);
    write_log(&fake, file);
    struct said said = RUN("--socket", fake.path, "import", "--site", "portal",
                           "/nowhere/access.log", file);
    unlink(file);
    fake_stop(&fake);
    cr_expect_eq(said.status, EX_NOINPUT);
    cr_expect_not_null(strstr(said.err, "/nowhere/access.log: No such file"));
    cr_expect_not_null(strstr(said.out, ": already imported; nothing changed\n"));
    forget(&said);
}

Test(luotctl_import, stops_when_luotd_refuses)
{
    struct fake fake = {.answer = {IMPORT_KEY, "{\"bytes\":0}\n.\n",
                                   "ERR nospace the disk is full\n.\n"}};
    char file[128];
    fake_start(&fake, 3);
    write_log(&fake, file);
    struct said said =
        RUN("--socket", fake.path, "import", "--site", "portal", file, file);
    unlink(file);
    fake_stop(&fake);
    cr_expect_eq(said.status, 1);
    cr_expect_not_null(strstr(said.err, "luotctl: the disk is full\n"));
    cr_expect_str_empty(said.out);
    forget(&said);
}
