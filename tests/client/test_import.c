/* Imports against a luotd of a few lines that reads the documents as the store does,
 * and against what the corpus says of its logs. */
#include "import.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "base/error.h"
#include "store/load_document.h"

#define LOGS "../shared/corpus/logs"
enum { SOURCES = 8, DAYS = 64 };

/* --- A luotd --- */

struct daemon_source {
    uint64_t first_line, bytes;
};

struct daemon {
    struct import_site site;
    struct zone *zone;
    struct daemon_source source[SOURCES];
    size_t sources;
    int64_t day[DAYS];
    uint64_t day_views[DAYS];
    size_t days;
    uint64_t lines, parsed, malformed, views, skipped;
    struct marks marks;
    unsigned documents, told;
    char reason[32];     /* of the last malformed line  */
    char *last_document; /* malloc'ed                   */
    char name[256];      /* of the last document's file */
};

static void daemon_start(struct daemon *d, const char *zone)
{
    *d = (struct daemon){
        .site = {
            .key = "portal", .key_id = 7, .first_live_s = INT64_MAX, .idle_slots = 150}};
    for (unsigned i = 0; i < 16; i++)
        d->site.hash.bytes[i] = (uint8_t)i;
    cr_assert_eq(zone_load(&d->zone, slice_of(zone)), 0);
    d->site.calendar.zone = d->zone;
}

static void daemon_stop(struct daemon *d)
{
    zone_free(d->zone);
    marks_release(&d->marks);
    free(d->last_document);
}

static struct daemon_source *daemon_source(struct daemon *d, uint64_t first_line)
{
    for (size_t i = 0; i < d->sources; i++)
        if (d->source[i].first_line == first_line)
            return &d->source[i];
    cr_assert(d->sources < SOURCES);
    d->source[d->sources] = (struct daemon_source){.first_line = first_line};
    return &d->source[d->sources++];
}

static void daemon_day(struct daemon *d, int64_t day, uint64_t views)
{
    size_t i = 0;
    while (i < d->days && d->day[i] != day)
        i++;
    cr_assert(i < DAYS);
    if (i == d->days)
        d->day[d->days++] = day;
    d->day_views[i] += views;
}

static int on_source(void *context, uint64_t first_line, struct import_known *ret_known)
{
    ret_known->bytes = daemon_source(context, first_line)->bytes;
    return 0;
}

/* With the store's own reader, so that both sides mean the same by a document. */
static int on_load(void *context, struct slice text)
{
    struct daemon *d = context;
    struct load_document document;
    char sentence[256] = "";
    struct marks both;
    free(d->last_document);
    d->last_document = strndup(text.at, text.length);
    d->documents++;
    cr_assert_lt(text.length, 64 << 20);
    cr_assert_eq(load_document_parse(&document, text, sentence), 0, "%s", sentence);
    cr_assert(slice_equal(document.site, SLICE("portal")));
    cr_assert_eq(document.key_id, 7);
    struct daemon_source *source = daemon_source(d, document.source.first_line);
    cr_assert_eq(document.from_byte, source->bytes);
    source->bytes = document.source.bytes;
    snprintf(d->name, sizeof d->name, "%s", document.source.name);
    d->lines += document.source.lines;
    d->parsed += document.source.parsed;
    d->malformed += document.source.malformed;
    d->views += document.source.views;
    d->skipped += document.source.skipped;
    for (size_t i = 0; i < document.days; i++)
        daemon_day(d, document.day[i].number, document.day[i].views);
    cr_assert_eq(marks_join(&both, &d->marks, &document.marks, &d->site.calendar,
                            d->site.idle_slots),
                 0);
    marks_release(&d->marks);
    d->marks = both;
    load_document_release(&document);
    return 0;
}

static void on_malformed(void *context, const struct import_line *line,
                         const char *reason)
{
    struct daemon *d = context;
    (void)line;
    d->told++;
    snprintf(d->reason, sizeof d->reason, "%s", reason);
}

static void on_progress(void *context, const struct import_reader *r, uint64_t lines)
{
    (void)context;
    (void)lines;
    cr_assert_leq(import_reader_progress(r), 1.0);
}

static uint64_t daemon_visitors(struct daemon *d, int64_t day)
{
    struct marks_row *row;
    size_t count;
    uint64_t visitors = 0;
    cr_assert_eq(
        marks_count(&d->marks, &d->site.calendar, d->site.idle_slots, &row, &count), 0);
    for (size_t i = 0; i < count; i++)
        if (row[i].kind == PERIOD_DAY && row[i].number == day)
            visitors = row[i].visitors;
    free(row);
    return visitors;
}

static int import_path(struct daemon *d, const char *path, enum page_rule rule,
                       struct import_result *ret_result)
{
    struct import_peer peer = {d, on_source, on_load, on_malformed, on_progress};
    struct import_reader *reader;
    int error;
    cr_assert_eq(import_reader_open(&reader, path, &error), 0);
    int rv =
        import_file(ret_result, reader, &d->site, SLICE("a log"), rule, false, &peer);
    import_reader_close(reader);
    return rv;
}

/* --- Files --- */

struct folder {
    char path[64], file[96];
};

static void folder_make(struct folder *f)
{
    strcpy(f->path, "/tmp/test-import-XXXXXX");
    cr_assert_not_null(mkdtemp(f->path));
    snprintf(f->file, sizeof f->file, "%s/access.log", f->path);
}

static void folder_remove(struct folder *f)
{
    unlink(f->file);
    rmdir(f->path);
}

static void put(const struct folder *f, const char *text, size_t length)
{
    FILE *file = fopen(f->file, "w");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(text, 1, length, file), length);
    cr_assert_eq(fclose(file), 0);
}

static void put_gzip(const struct folder *f, const char *text, size_t length)
{
    gzFile file = gzopen(f->file, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(gzwrite(file, text, (unsigned)length), (int)length);
    cr_assert_eq(gzclose(file), Z_OK);
}

static const char LOG[] =
    "1.2.3.4 - - [01/Nov/2026:23:59:50 +0700] \"GET / HTTP/1.1\" 200 10 \"-\" \"A\"\n"
    "1.2.3.4 - - [02/Nov/2026:00:00:10 +0700] \"GET /x HTTP/1.1\" 304 0 \"-\" \"A\"\n"
    "not a line\n"
    "5.6.7.8 - - [02/Nov/2026:00:00:10 +0700] \"GET /x HTTP/1.1\" 200 10 \"-\" \"B\" "
    "\"z\"\n"
    "5.6.7.8 - - [02/Nov/2026:00:00:11 +0700] \"GET /x.css HTTP/1.1\" 200 1 \"-\" "
    "\"B\"\n";

static void expect_log(struct daemon *d)
{
    int64_t day;
    cr_assert_eq(date_parse(SLICE("2026-11-01"), &day), 0);
    cr_expect_eq(d->lines, 5);
    cr_expect_eq(d->parsed, 4);
    cr_expect_eq(d->malformed, 1);
    cr_expect_eq(d->views, 3);
    cr_expect_eq(daemon_visitors(d, day), 1);
    cr_expect_eq(daemon_visitors(d, day + 1), 2);
}

/* --- Tests --- */

Test(import, writes_the_document_that_is_written_down)
{
    struct folder f;
    struct daemon d;
    struct import_result result;
    folder_make(&f);
    daemon_start(&d, "Asia/Ho_Chi_Minh");
    put(&f, LOG, strlen(LOG));
    cr_expect_eq(import_path(&d, f.file, PAGE_RULE_PAGE, &result), 0);
    expect_log(&d);
    cr_expect_eq(result.visitors, 2);
    cr_expect_eq(result.tally.days, 2);
    cr_expect_eq(result.tally.day[1].visitors, 2);
    cr_expect(!result.already_imported);
    cr_expect_str_eq(d.name, "a log");
    cr_expect_eq(d.told, 1);
    cr_expect_str_eq(d.reason, "no_match");
    cr_expect_not_null(strstr(d.last_document, "\nday 2026-11-01 views=1\n"
                                               "day 2026-11-02 views=2\n"
                                               "hour 498208 views=1\n"
                                               "hour 498209 views=2\nmark "),
                       "%s", d.last_document);
    cr_expect_not_null(strstr(d.last_document, " lines=5 parsed=4 malformed=1 views=3 "
                                               "skipped=0 from=1793552390 to="
                                               "1793552410 name=a%20log\nfrom_byte 0\n"),
                       "%s", d.last_document);
    import_result_release(&result);
    daemon_stop(&d);
    folder_remove(&f);
}

Test(import, changes_nothing_the_second_time)
{
    struct folder f;
    struct daemon d;
    struct import_result result;
    folder_make(&f);
    daemon_start(&d, "Asia/Ho_Chi_Minh");
    put(&f, LOG, strlen(LOG));
    cr_expect_eq(import_path(&d, f.file, PAGE_RULE_PAGE, &result), 0);
    import_result_release(&result);
    put_gzip(&f, LOG, strlen(LOG)); /* the same log, packed */
    cr_expect_eq(import_path(&d, f.file, PAGE_RULE_PAGE, &result), 0);
    cr_expect(result.already_imported);
    cr_expect_eq(result.numbers.lines, 0);
    cr_expect_eq(d.documents, 1);
    expect_log(&d);
    import_result_release(&result);
    daemon_stop(&d);
    folder_remove(&f);
}

Test(import, knows_gzip_by_its_first_bytes)
{
    struct folder f;
    struct daemon d;
    struct import_result result;
    folder_make(&f);
    daemon_start(&d, "Asia/Ho_Chi_Minh");
    put_gzip(&f, LOG, strlen(LOG));
    cr_expect_eq(import_path(&d, f.file, PAGE_RULE_PAGE, &result), 0);
    expect_log(&d);
    import_result_release(&result);
    daemon_stop(&d);
    folder_remove(&f);
}

/* Cut anywhere, also inside a number, and imported when it was that long. */
Test(import, goes_on_where_a_grown_file_ended)
{
    struct folder f;
    size_t first = strcspn(LOG, "\n"), whole = strlen(LOG);
    folder_make(&f);
    for (size_t cut = first; cut <= whole; cut++) {
        struct daemon d;
        struct import_result result;
        daemon_start(&d, "Asia/Ho_Chi_Minh");
        put(&f, LOG, cut);
        cr_expect_eq(import_path(&d, f.file, PAGE_RULE_PAGE, &result), 0);
        import_result_release(&result);
        put(&f, LOG, whole);
        cr_expect_eq(import_path(&d, f.file, PAGE_RULE_PAGE, &result), 0);
        import_result_release(&result);
        expect_log(&d);
        daemon_stop(&d);
    }
    folder_remove(&f);
}

Test(import, counts_a_last_line_without_its_end)
{
    struct folder f;
    struct daemon d;
    struct import_result result;
    folder_make(&f);
    daemon_start(&d, "UTC");
    put(&f, LOG, strlen(LOG) - 1);
    cr_expect_eq(import_path(&d, f.file, PAGE_RULE_PAGE, &result), 0);
    cr_expect_eq(result.numbers.lines, 5);
    cr_expect_eq(result.numbers.parsed, 4);
    import_result_release(&result);
    put(&f, LOG, strlen(LOG) - 4); /* an unfinished one: told, and left for next time */
    daemon_stop(&d);
    daemon_start(&d, "UTC");
    cr_expect_eq(import_path(&d, f.file, PAGE_RULE_PAGE, &result), 0);
    cr_expect_eq(result.numbers.lines, 5);
    cr_expect_eq(result.numbers.malformed, 2);
    cr_expect_eq(d.lines, 4);
    import_result_release(&result);
    cr_expect_eq(import_path(&d, f.file, PAGE_RULE_PAGE, &result), 0);
    cr_expect(result.already_imported);
    cr_expect_eq(d.documents, 1);
    import_result_release(&result);
    daemon_stop(&d);
    folder_remove(&f);
}

Test(import, skips_what_was_counted_live)
{
    struct folder f;
    struct daemon d;
    struct import_result result;
    folder_make(&f);
    daemon_start(&d, "Asia/Ho_Chi_Minh");
    d.site.first_live_s = 1793552410;
    put(&f, LOG, strlen(LOG));
    cr_expect_eq(import_path(&d, f.file, PAGE_RULE_PAGE, &result), 0);
    cr_expect_eq(d.views, 1);
    cr_expect_eq(d.skipped, 3);
    cr_expect_eq(result.numbers.skipped, 3);
    cr_expect_eq(d.parsed, 4);
    import_result_release(&result);
    daemon_stop(&d);
    folder_remove(&f);
}

Test(import, takes_a_line_over_1_MiB_as_one_malformed_line)
{
    static const size_t LENGTHS[] = {IMPORT_LINE_MAX - 1, IMPORT_LINE_MAX,
                                     IMPORT_LINE_MAX + 1, 5 * IMPORT_LINE_MAX / 2,
                                     5 * IMPORT_LINE_MAX};
    struct folder f;
    folder_make(&f);
    for (size_t i = 0; i < sizeof LENGTHS / sizeof LENGTHS[0]; i++) {
        struct daemon d;
        struct import_result result;
        size_t length = LENGTHS[i] + 1 + 2 * strlen(LOG);
        char *text = malloc(length);
        memcpy(text, LOG, strlen(LOG));
        memset(text + strlen(LOG), 'x', LENGTHS[i]);
        text[strlen(LOG) + LENGTHS[i]] = '\n';
        memcpy(text + strlen(LOG) + LENGTHS[i] + 1, LOG, strlen(LOG));
        daemon_start(&d, "UTC");
        put(&f, text, length);
        cr_expect_eq(import_path(&d, f.file, PAGE_RULE_PAGE, &result), 0);
        cr_expect_eq(d.lines, 11);
        cr_expect_eq(d.views, 6);
        cr_expect_eq(d.malformed, 3);
        import_result_release(&result);
        put(&f, text, length - strlen(LOG) - 1); /* and as the last one */
        cr_expect_eq(import_path(&d, f.file, PAGE_RULE_PAGE, &result), 0);
        cr_expect_eq(d.lines, 11);
        import_result_release(&result);
        daemon_stop(&d);
        free(text);
    }
    folder_remove(&f);
}

Test(import, takes_a_time_that_nobody_counts_in_for_malformed)
{
    static const char OLD[] =
        "a - - [01/Jan/1970:06:59:59 +0700] \"GET / HTTP/1.1\" 200 1\n"
        "a - - [01/Jan/1970:07:00:00 +0700] \"GET / HTTP/1.1\" 200 1\n"
        "a - - [01/Jan/9999:00:00:00 +0000] \"GET / HTTP/1.1\" 200 1\n";
    struct folder f;
    struct daemon d;
    struct import_result result;
    folder_make(&f);
    daemon_start(&d, "Asia/Ho_Chi_Minh");
    put(&f, OLD, strlen(OLD));
    cr_expect_eq(import_path(&d, f.file, PAGE_RULE_PAGE, &result), 0);
    cr_expect_eq(d.views, 1);
    cr_expect_eq(d.malformed, 2);
    cr_expect_str_eq(d.reason, "bad_time");
    import_result_release(&result);
    daemon_stop(&d);
    folder_remove(&f);
}

Test(import, says_that_a_gzip_file_is_cut)
{
    struct folder f;
    struct daemon d;
    struct import_result result;
    folder_make(&f);
    daemon_start(&d, "UTC");
    put_gzip(&f, LOG, strlen(LOG));
    cr_assert_eq(truncate(f.file, 60), 0);
    cr_expect_eq(import_path(&d, f.file, PAGE_RULE_PAGE, &result), ERR_IO);
    cr_expect_eq(d.documents, 0);
    import_result_release(&result);
    daemon_stop(&d);
    folder_remove(&f);
}

Test(import, takes_an_empty_file_and_a_folder_for_what_they_are)
{
    struct folder f;
    struct daemon d;
    struct import_result result;
    struct import_reader *reader;
    int error;
    folder_make(&f);
    daemon_start(&d, "UTC");
    put(&f, "", 0);
    cr_expect_eq(import_path(&d, f.file, PAGE_RULE_PAGE, &result), 0);
    cr_expect_eq(result.numbers.lines, 0);
    cr_expect(!result.already_imported);
    import_result_release(&result);
    cr_expect_neq(import_reader_open(&reader, f.path, &error), 0);
    cr_expect_eq(error, EISDIR);
    daemon_stop(&d);
    folder_remove(&f);
}

Test(import, cuts_what_is_big_into_pieces)
{
    static const char LINE[] = "%06x - - [02/Nov/2026:%02d:%02d:10 +0700] \"GET / "
                               "HTTP/1.1\" 200 1\n";
    enum { LINES = IMPORT_PIECE_VIEWS + 10 };
    struct folder f;
    struct daemon d;
    struct import_result result;
    folder_make(&f);
    daemon_start(&d, "Asia/Ho_Chi_Minh");
    FILE *file = fopen(f.file, "w");
    cr_assert_not_null(file);
    for (unsigned i = 0; i < LINES; i++)
        fprintf(file, LINE, i % 5000, i / 60 % 24, i % 60);
    fclose(file);
    cr_expect_eq(import_path(&d, f.file, PAGE_RULE_PV1, &result), 0);
    cr_expect_eq(d.documents, 2);
    cr_expect_eq(d.views, LINES);
    cr_expect_eq(result.numbers.views, LINES);
    cr_expect_eq(result.visitors, 5000);
    cr_expect_eq(result.tally.day[0].visitors, 5000);
    cr_expect_eq(daemon_visitors(&d, result.tally.day[0].day), 5000);
    import_result_release(&result);
    daemon_stop(&d);
    folder_remove(&f);
}

/* --- The corpus --- */

static uint64_t number_at(json_t *object, const char *first, const char *second)
{
    json_t *value = json_object_get(object, first);
    return (uint64_t)json_integer_value(second == NULL ? value
                                                       : json_object_get(value, second));
}

static void check_days(const char *name, const char *zone_word, struct daemon *d,
                       const struct import_result *result, json_t *truth)
{
    json_t *days = json_object_get(json_object_get(truth, "by_day"), zone_word), *row;
    const char *date;
    size_t with_views = 0;
    json_object_foreach(days, date, row)
    {
        int64_t day;
        uint64_t views = number_at(row, "pv", NULL), sent = 0;
        cr_assert_eq(date_parse(slice_of(date), &day), 0);
        with_views += views > 0 ? 1 : 0;
        for (size_t i = 0; i < d->days; i++)
            sent += d->day[i] == day ? d->day_views[i] : 0;
        cr_expect_eq(sent, views, "%s %s: views", name, date);
        cr_expect_eq(daemon_visitors(d, day), number_at(row, "distinct_ip_ua_pv", NULL),
                     "%s %s: visitors", name, date);
        for (size_t i = 0; i < result->tally.days; i++)
            if (result->tally.day[i].day == day)
                cr_expect_eq(result->tally.day[i].visitors, daemon_visitors(d, day));
    }
    cr_expect_eq(d->days, with_views);
    cr_expect_eq(result->tally.days, with_views);
}

static void check_log(const char *name, const char *zone, const char *zone_word)
{
    char path[512], truth_path[512];
    struct daemon d;
    struct import_result result;
    int stem = (int)(strlen(name) - strlen(".log"));
    snprintf(path, sizeof path, LOGS "/%s", name);
    snprintf(truth_path, sizeof truth_path, LOGS "/%.*s.truth.json", stem, name);
    json_t *truth = json_load_file(truth_path, 0, NULL);
    cr_assert_not_null(truth, "%s", truth_path);
    daemon_start(&d, zone);
    cr_expect_eq(import_path(&d, path, PAGE_RULE_PV1, &result), 0);
    cr_expect_eq(result.numbers.lines, number_at(truth, "lines", NULL), "%s", name);
    cr_expect_eq(result.numbers.parsed, number_at(truth, "parsed", NULL), "%s", name);
    cr_expect_eq(result.numbers.malformed, number_at(truth, "malformed", NULL), "%s",
                 name);
    cr_expect_eq(result.numbers.views, number_at(truth, "pv", "records"), "%s", name);
    cr_expect_eq(result.visitors, number_at(truth, "pv", "distinct_ip_ua"), "%s", name);
    check_days(name, zone_word, &d, &result, truth);
    import_result_release(&result);
    daemon_stop(&d);
    daemon_start(&d, zone);
    cr_expect_eq(import_path(&d, path, PAGE_RULE_PAGE, &result), 0);
    cr_expect_eq(d.views, number_at(truth, "pv_get2xx304", "records"), "%s", name);
    import_result_release(&result);
    daemon_stop(&d);
    json_decref(truth);
}

Test(import, finds_what_is_true_of_the_corpus)
{
    DIR *folder = opendir(LOGS);
    struct dirent *entry;
    if (folder == NULL) {
        printf("skipped: " LOGS " is not there\n");
        return;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (!slice_ends(slice_of(entry->d_name), SLICE(".log")))
            continue;
        check_log(entry->d_name, "Asia/Ho_Chi_Minh", "vn");
        check_log(entry->d_name, "UTC", "utc");
    }
    closedir(folder);
}
