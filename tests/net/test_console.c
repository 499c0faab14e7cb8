#include "net/console.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include "base/error.h"

/* A console on a loop of its own thread, in a directory of its own. Answers are
 * "<document's bytes>:<line>"; `wait` is answered by whoever calls console_reply. */
struct fixture {
    uv_loop_t loop;
    uv_async_t stop;
    uv_thread_t thread;
    uv_sem_t waiting; /* posted when `wait` was read */
    struct console *console;
    uint64_t token; /* of `wait` */
    struct console_peer peer;
    char folder[64], path[96], error[256];
};

static bool takes_document(void *context, struct slice line)
{
    (void)context;
    return slice_starts(line, SLICE("load"));
}

static void command(void *context, struct slice line, struct slice document,
                    struct console_peer peer, uint64_t token)
{
    struct fixture *f = context;
    char answer[CONSOLE_LINE_MAX + 64];
    f->peer = peer;
    if (slice_equal(line, SLICE("wait"))) {
        f->token = token;
        uv_sem_post(&f->waiting);
        return;
    }
    int length = snprintf(answer, sizeof answer, "%zu:%.*s\n.\n", document.length,
                          (int)line.length, line.at);
    console_reply(f->console, token, (struct slice){answer, (size_t)length});
}

static const struct console_handlers handlers = {.takes_document = takes_document,
                                                 .command = command};

static void on_stop(uv_async_t *stop)
{
    struct fixture *f = stop->data;
    console_stop(f->console);
    uv_close((uv_handle_t *)stop, NULL);
}

static void run(void *data)
{
    struct fixture *f = data;
    uv_run(&f->loop, UV_RUN_DEFAULT);
}

static void prepare(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    strcpy(f->folder, "/tmp/luot-console-XXXXXX");
    cr_assert_not_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/s", f->folder);
    uv_loop_init(&f->loop);
    uv_sem_init(&f->waiting, 0);
}

static int start(struct fixture *f)
{
    return console_start(&f->console, &f->loop, f->path, &handlers, f, f->error);
}

static void begin(struct fixture *f)
{
    prepare(f);
    cr_assert_eq(start(f), 0, "%s", f->error);
    uv_async_init(&f->loop, &f->stop, on_stop);
    f->stop.data = f;
    uv_thread_create(&f->thread, run, f);
}

static void clean(struct fixture *f)
{
    cr_expect_eq(uv_loop_close(&f->loop), 0);
    uv_sem_destroy(&f->waiting);
    unlink(f->path);
    cr_expect_eq(rmdir(f->folder), 0);
}

static void end(struct fixture *f)
{
    struct stat found;
    uv_async_send(&f->stop);
    uv_thread_join(&f->thread);
    cr_expect_neq(lstat(f->path, &found), 0);
    clean(f);
}

static int dial(const struct fixture *f)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = 5};
    strcpy(at.sun_path, f->path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    cr_assert_eq(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    size_t length = strlen(text);
    cr_assert_eq(send(fd, text, length, MSG_NOSIGNAL), (ssize_t)length);
}

/* One answer, up to its line `.`. */
static void hear(int fd, const char *expected)
{
    char answer[CONSOLE_LINE_MAX + 64];
    size_t length = 0;
    while (length < 3 || memcmp(answer + length - 3, "\n.\n", 3) != 0) {
        if (recv(fd, answer + length, 1, 0) != 1)
            break;
        length++;
    }
    answer[length] = '\0';
    cr_expect_str_eq(answer, expected);
}

Test(console, answers_commands_in_order)
{
    struct fixture f;
    struct stat found;
    begin(&f);
    cr_expect_eq(lstat(f.path, &found), 0);
    cr_expect_eq(found.st_mode & 0777, 0660);
    int fd = dial(&f);
    say(fd, "stats\nsites  all\r\n\n  top \n");
    hear(fd, "0:stats\n.\n");
    hear(fd, "0:sites  all\n.\n");
    hear(fd, "0:top\n.\n");
    cr_expect_eq(f.peer.uid, getuid());
    cr_expect_eq(f.peer.pid, getpid());
    close(fd);
    end(&f);
}

Test(console, reads_a_document_up_to_its_dot)
{
    struct fixture f;
    begin(&f);
    int fd = dial(&f);
    say(fd, "load a\none\n..\n. \n.two\n.\nstats\nload b\r\n.\r\nload c\nx");
    hear(fd, "15:load a\n.\n");
    hear(fd, "0:stats\n.\n");
    hear(fd, "0:load b\n.\n");
    say(fd, "\n.");
    say(fd, "\n");
    hear(fd, "2:load c\n.\n");
    close(fd);
    end(&f);
}

Test(console, reads_a_long_document_byte_by_byte_or_at_once)
{
    enum { LINES = 20000 };
    struct fixture f;
    begin(&f);
    int fd = dial(&f);
    char *document = malloc(LINES * 50 + 100);
    size_t length = (size_t)sprintf(document, "load big\n");
    for (int i = 0; i < LINES; i++)
        length += (size_t)sprintf(document + length, "%049d\n", i);
    sprintf(document + length, ".\nstats\n");
    say(fd, document);
    hear(fd, "1000000:load big\n.\n");
    hear(fd, "0:stats\n.\n");
    for (const char *at = "load small\nab\n.\n"; *at != '\0'; at++)
        cr_assert_eq(send(fd, at, 1, MSG_NOSIGNAL), 1);
    hear(fd, "3:load small\n.\n");
    free(document);
    close(fd);
    end(&f);
}

Test(console, refuses_a_line_that_is_too_long_and_reads_the_next)
{
    struct fixture f;
    begin(&f);
    int fd = dial(&f);
    static char line[3 * CONSOLE_LINE_MAX];
    static char answer[sizeof line];
    size_t lengths[] = {CONSOLE_LINE_MAX, CONSOLE_LINE_MAX + 1, sizeof line - 8};
    for (size_t i = 0; i < 3; i++) {
        memset(line, 'a', lengths[i]);
        strcpy(line + lengths[i], "\nnext\n");
        say(fd, line);
        if (i == 0) {
            snprintf(answer, sizeof answer, "0:%.*s\n.\n", CONSOLE_LINE_MAX, line);
            hear(fd, answer);
        } else {
            hear(fd, "ERR too_long a command is at most 4096 bytes\n.\n");
        }
        hear(fd, "0:next\n.\n");
    }
    close(fd);
    end(&f);
}

Test(console, refuses_a_document_that_is_too_long_and_reads_the_next)
{
    enum { PIECE = 1 << 20 };
    struct fixture f;
    begin(&f);
    int fd = dial(&f);
    char *piece = malloc(PIECE + 1);
    memset(piece, 'x', PIECE);
    for (int i = 99; i < PIECE; i += 100)
        piece[i] = '\n';
    piece[PIECE] = '\0';
    say(fd, "load all\n");
    for (int i = 0; i < CONSOLE_DOCUMENT_MAX / PIECE + 1; i++)
        say(fd, piece);
    say(fd, "\n.\nstats\n");
    hear(fd, "ERR too_long a document is at most 64 MiB\n.\n");
    hear(fd, "0:stats\n.\n");
    free(piece);
    close(fd);
    end(&f);
}

Test(console, an_answer_may_come_later_from_any_thread)
{
    struct fixture f;
    begin(&f);
    int fd = dial(&f);
    say(fd, "wait\nstats\n");
    uv_sem_wait(&f.waiting);
    uint64_t token = f.token;
    console_reply(f.console, token, SLICE("at last\n.\n"));
    console_reply(f.console, token, SLICE("twice\n.\n"));
    hear(fd, "at last\n.\n");
    hear(fd, "0:stats\n.\n");
    close(fd);
    end(&f);
}

Test(console, an_answer_for_who_has_gone_is_dropped)
{
    struct fixture f;
    begin(&f);
    int fd = dial(&f);
    say(fd, "wait\n");
    uv_sem_wait(&f.waiting);
    uint64_t token = f.token;
    close(fd);
    console_reply(f.console, token, SLICE("too late\n.\n"));
    fd = dial(&f);
    say(fd, "stats\n");
    hear(fd, "0:stats\n.\n");
    console_reply(f.console, token, SLICE("too late\n.\n"));
    say(fd, "again\n");
    hear(fd, "0:again\n.\n");
    close(fd);
    end(&f);
}

Test(console, turns_a_ninth_client_away)
{
    struct fixture f;
    int fd[CONSOLE_CLIENTS + 1];
    char byte;
    begin(&f);
    for (int i = 0; i < CONSOLE_CLIENTS; i++) {
        fd[i] = dial(&f);
        say(fd[i], "stats\n");
        hear(fd[i], "0:stats\n.\n");
    }
    fd[CONSOLE_CLIENTS] = dial(&f);
    hear(fd[CONSOLE_CLIENTS], "ERR busy at most 8 clients at once; try again\n.\n");
    cr_expect_eq(recv(fd[CONSOLE_CLIENTS], &byte, 1, 0), 0);
    for (int i = 0; i <= CONSOLE_CLIENTS; i++)
        close(fd[i]);
    byte = 'E';
    for (int i = 0; i < 1000 && byte == 'E'; i++) { /* places are free a moment later */
        fd[0] = dial(&f);
        (void)!send(fd[0], "stats\n", 6, MSG_NOSIGNAL);
        (void)!recv(fd[0], &byte, 1, 0);
        close(fd[0]);
    }
    cr_expect_eq(byte, '0');
    end(&f);
}

Test(console, replaces_a_socket_that_nobody_answers_on)
{
    struct fixture f;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    prepare(&f);
    strcpy(at.sun_path, f.path);
    int stale = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(bind(stale, (struct sockaddr *)&at, sizeof at), 0);
    close(stale);
    cr_assert_eq(start(&f), 0, "%s", f.error);
    console_stop(f.console);
    uv_run(&f.loop, UV_RUN_DEFAULT);
    clean(&f);
}

Test(console, leaves_a_socket_alone_that_somebody_answers_on)
{
    struct fixture f;
    struct console *second;
    struct stat found;
    prepare(&f);
    cr_assert_eq(start(&f), 0, "%s", f.error);
    cr_expect_eq(console_start(&second, &f.loop, f.path, &handlers, &f, f.error),
                 ERR_IN_USE);
    cr_expect_not_null(strstr(f.error, f.path));
    cr_expect_eq(lstat(f.path, &found), 0);
    console_stop(f.console);
    uv_run(&f.loop, UV_RUN_DEFAULT);
    clean(&f);
}

Test(console, refuses_a_path_that_is_something_else)
{
    struct fixture f;
    struct stat found;
    prepare(&f);
    int fd = open(f.path, O_CREAT | O_WRONLY, 0600);
    close(fd);
    cr_expect_eq(start(&f), ERR_FOREIGN);
    cr_expect_eq(lstat(f.path, &found), 0);
    unlink(f.path);
    strcpy(f.path + strlen(f.path), "/missing");
    cr_expect_eq(start(&f), ERR_IO);
    cr_expect_not_null(strstr(f.error, "No such file"));
    clean(&f);
}
