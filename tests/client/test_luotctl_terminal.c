/* Keys, signals and the way out, on a terminal of the test's own. */
#include "luotctl_terminal.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { SOON_MS = 10000 };

struct place {
    int person, program; /* the two ends */
    struct termios before;
    struct terminal terminal;
};

static void place_init(struct place *p)
{
    p->person = posix_openpt(O_RDWR | O_NOCTTY);
    cr_assert_geq(p->person, 0);
    cr_assert_eq(grantpt(p->person), 0);
    cr_assert_eq(unlockpt(p->person), 0);
    p->program = open(ptsname(p->person), O_RDWR | O_NOCTTY);
    cr_assert_geq(p->program, 0);
    cr_assert_eq(tcgetattr(p->program, &p->before), 0);
    cr_assert_eq(terminal_enter(&p->terminal, p->program, p->program), 0);
}

static void type(const struct place *p, const char *keys)
{
    cr_assert_eq(write(p->person, keys, strlen(keys)), (ssize_t)strlen(keys));
}

static int next_key(struct place *p)
{
    int key = 0;

    cr_assert_eq(terminal_wait(&p->terminal, SOON_MS, &key), TERMINAL_KEY);
    return key;
}

/* What was drawn up to now and with the bytes `end`. */
static void read_until(const struct place *p, const char *end, char ret_drawn[4096])
{
    size_t length = 0;

    memset(ret_drawn, 0, 4096);
    while (strstr(ret_drawn, end) == NULL) {
        struct pollfd ready = {.fd = p->person, .events = POLLIN};
        ssize_t got;

        cr_assert_eq(poll(&ready, 1, SOON_MS), 1, "%s was not drawn", end);
        got = read(p->person, ret_drawn + length, 4095 - length);
        cr_assert_gt(got, 0);
        length += (size_t)got;
    }
}

Test(terminal, tells_keys_from_the_sequences_that_terminals_send)
{
    static const struct {
        const char *bytes;
        int key;
    } keys[] = {{"a", 'a'},
                {"\033[A", KEY_UP},
                {"\033OB", KEY_DOWN},
                {"\033[C", KEY_RIGHT},
                {"\033[D", KEY_LEFT},
                {"\033[5~", KEY_PAGE_UP},
                {"\033[6~", KEY_PAGE_DOWN},
                {"\033[1~", KEY_HOME},
                {"\033[F", KEY_END},
                {"\033[Z", KEY_BACK_TAB},
                {"\r", KEY_ENTER},
                {"\n", KEY_ENTER},
                {"\033[1;5A", KEY_UP},
                {"\033[15~", KEY_OTHER},
                {"\b", KEY_BACKSPACE},
                {"\033", KEY_ESCAPE},
                {"q", 'q'}};
    struct place p;

    place_init(&p);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        type(&p, keys[i].bytes);
        cr_expect_eq(next_key(&p), keys[i].key, "key %zu", i);
    }
    type(&p, "x\033[A\033\033[By");
    cr_expect_eq(next_key(&p), 'x');
    cr_expect_eq(next_key(&p), KEY_UP);
    cr_expect_eq(next_key(&p), KEY_ESCAPE);
    cr_expect_eq(next_key(&p), KEY_DOWN);
    cr_expect_eq(next_key(&p), 'y');
    terminal_leave(&p.terminal);
}

Test(terminal, is_as_it_was_when_it_is_left)
{
    struct termios after;
    char drawn[4096];
    struct place p;
    sigset_t before, now;

    sigprocmask(SIG_BLOCK, NULL, &before);
    place_init(&p);
    read_until(&p, "\033[2J", drawn);
    cr_expect_not_null(strstr(drawn, "\033[?1049h"));
    terminal_leave(&p.terminal);
    read_until(&p, "\033[?1049l", drawn);
    cr_expect_not_null(strstr(drawn, "\033[?25h"));
    cr_expect_not_null(strstr(drawn, "\033[?7h"));
    cr_assert_eq(tcgetattr(p.program, &after), 0);
    cr_expect_eq(after.c_lflag, p.before.c_lflag);
    cr_expect_eq(after.c_iflag, p.before.c_iflag);
    cr_expect_arr_eq(after.c_cc, p.before.c_cc, sizeof after.c_cc);
    sigprocmask(SIG_BLOCK, NULL, &now);
    for (int s = 1; s < 32; s++)
        cr_expect_eq(sigismember(&before, s), sigismember(&now, s), "signal %d", s);
}

Test(terminal, ends_with_a_signal_and_says_which)
{
    struct place p;
    int key;

    place_init(&p);
    cr_expect_eq(terminal_wait(&p.terminal, 0, &key), TERMINAL_NOTHING);
    kill(getpid(), SIGWINCH);
    cr_expect_eq(terminal_wait(&p.terminal, SOON_MS, &key), TERMINAL_REDRAW);
    kill(getpid(), SIGTERM);
    cr_expect_eq(terminal_wait(&p.terminal, SOON_MS, &key), TERMINAL_END);
    cr_expect_eq(p.terminal.ended, SIGTERM);
    cr_expect_eq(terminal_wait(&p.terminal, SOON_MS, &key), TERMINAL_END, "and stays so");
    terminal_leave(&p.terminal);
}

Test(terminal, ends_when_nobody_is_there_any_more)
{
    struct place p;
    int key;

    place_init(&p);
    close(p.person);
    cr_expect_eq(terminal_wait(&p.terminal, SOON_MS, &key), TERMINAL_END);
    cr_expect_eq(p.terminal.ended, SIGHUP);
    terminal_leave(&p.terminal);
}

/* Nobody reads the other end: a frame waits, a signal ends that, and so does leaving. */
Test(terminal, that_takes_nothing_can_still_be_left)
{
    static char frame[1 << 20];
    struct place p;

    place_init(&p);
    memset(frame, 'x', sizeof frame);
    kill(getpid(), SIGTERM);
    terminal_draw(&p.terminal, frame, sizeof frame);
    cr_expect_eq(p.terminal.ended, SIGTERM);
    terminal_leave(&p.terminal);
}

Test(terminal, knows_its_size)
{
    struct winsize size = {.ws_col = 40, .ws_row = 12};
    unsigned columns, rows;
    struct place p;

    place_init(&p);
    terminal_size(&p.terminal, &columns, &rows);
    cr_expect_eq(columns, 80);
    cr_expect_eq(rows, 24);
    cr_assert_eq(ioctl(p.person, TIOCSWINSZ, &size), 0);
    terminal_size(&p.terminal, &columns, &rows);
    cr_expect_eq(columns, 40);
    cr_expect_eq(rows, 12);
    terminal_leave(&p.terminal);
}
