#include "base/log.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Standard error goes into a pipe while `action` runs; what it wrote is in `seen`. */
struct capture {
    int pipe[2];
    int saved;
    char seen[16384];
};

static void capture_start(struct capture *c)
{
    fflush(stderr);
    cr_assert_eq(pipe2(c->pipe, O_NONBLOCK | O_CLOEXEC), 0);
    c->saved = dup(STDERR_FILENO);
    dup2(c->pipe[1], STDERR_FILENO);
}

static size_t capture_stop(struct capture *c)
{
    dup2(c->saved, STDERR_FILENO);
    close(c->saved);
    close(c->pipe[1]);
    ssize_t length = read(c->pipe[0], c->seen, sizeof c->seen - 1);
    close(c->pipe[0]);
    c->seen[length < 0 ? 0 : length] = '\0';
    return length < 0 ? 0 : (size_t)length;
}

Test(log, one_event_is_one_line_with_time_and_level)
{
    struct capture c;
    int year, month, day, hour, minute, second, milli, east, east_minute;
    char sign;
    unsetenv("JOURNAL_STREAM");
    capture_start(&c);
    log_warn("event=save_failed site=%s next=retry_in_%us", "demo", 2U);
    capture_stop(&c);
    cr_expect_eq(sscanf(c.seen, "%4d-%2d-%2dT%2d:%2d:%2d.%3d%c%2d:%2d", &year, &month,
                        &day, &hour, &minute, &second, &milli, &sign, &east,
                        &east_minute),
                 10, "%s", c.seen);
    cr_expect_str_eq(strchr(c.seen, ' '),
                     " warn event=save_failed site=demo next=retry_in_2s\n");
}

Test(log, writes_no_level_below_the_one_set)
{
    struct capture c;
    capture_start(&c);
    log_debug("event=a");
    log_set_level(LOG_WARN);
    log_info("event=b");
    log_error("event=c");
    log_set_level(LOG_DEBUG);
    log_debug("event=d");
    capture_stop(&c);
    cr_expect_eq(log_get_level(), LOG_DEBUG);
    cr_expect_null(strstr(c.seen, "event=a"));
    cr_expect_null(strstr(c.seen, "event=b"));
    cr_expect_not_null(strstr(c.seen, " error event=c\n"));
    cr_expect_not_null(strstr(c.seen, " debug event=d\n"));
}

Test(log, leaves_the_time_to_the_journal)
{
    struct capture c;
    struct stat st;
    char stream[64];
    capture_start(&c);
    cr_assert_eq(fstat(STDERR_FILENO, &st), 0);
    snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    log_warn("event=x");
    capture_stop(&c);
    cr_expect_str_eq(c.seen, "<4>warn event=x\n");
}

Test(log, is_not_fooled_by_a_journal_that_does_not_read_us)
{
    struct capture c;
    setenv("JOURNAL_STREAM", "1:1", 1);
    capture_start(&c);
    log_warn("event=x");
    capture_stop(&c);
    cr_expect_eq(strncmp(c.seen, "20", 2), 0, "%s", c.seen);
}

Test(log, a_message_cannot_make_a_second_line)
{
    struct capture c;
    capture_start(&c);
    log_info("event=x a=%s", "\r\n2026 error event=forged\x1b[0m");
    size_t length = capture_stop(&c);
    cr_expect_eq(strchr(c.seen, '\n'), c.seen + length - 1);
    cr_expect_null(strchr(c.seen, '\x1b'));
}

Test(log, cuts_a_line_at_4096_bytes)
{
    struct capture c;
    char text[6000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    capture_start(&c);
    log_info("%s", text);
    size_t length = capture_stop(&c);
    cr_expect_eq(length, 4096);
    cr_expect_eq(c.seen[length - 1], '\n');
}

Test(log, drops_and_counts_what_a_full_pipe_does_not_take)
{
    struct capture c;
    char text[4000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    capture_start(&c);
    fcntl(c.pipe[1], F_SETFL, 0); /* blocking, as the real one: the line must not wait */
    fcntl(c.pipe[1], F_SETPIPE_SZ, 8192);
    for (int i = 0; i < 10; i++)
        log_info("%s", text);
    capture_stop(&c);
    cr_expect(log_dropped() >= 7 && log_dropped() < 10, "%d", (int)log_dropped());
}

Test(log, drops_and_counts_when_the_reader_is_gone)
{
    struct capture c;
    capture_start(&c);
    int reader = c.pipe[0];
    c.pipe[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(reader);
    log_error("event=x");
    capture_stop(&c);
    cr_expect_eq(log_dropped(), 1);
}
