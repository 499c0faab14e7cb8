#include "net/console_client.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/forget.h"

enum { INPUT_STEP = 16 * 1024, INPUT_KEPT = 64 * 1024 };

static void go_on(struct console_client *c);

/* --- What was asked is forgotten: `where` has an address in it --- */

static void forget_answer(struct console_client *c)
{
    forget_free(c->answer, c->answer_length);
    c->answer = NULL;
    forget_stack();
}

static void forget_input(struct console_client *c)
{
    forget_free(c->input, c->capacity);
    c->input = NULL;
    memset(c->command, 0, sizeof c->command);
}

/* --- The end --- */

static void on_closed(uv_handle_t *handle)
{
    struct console_client *c = handle->data;
    forget_input(c);
    c->state = CONSOLE_FREE;
    console_on_closed(c->console);
}

void console_client_stop(struct console_client *c)
{
    if (c->state == CONSOLE_CLOSING || c->state == CONSOLE_FREE)
        return;
    c->state = CONSOLE_CLOSING;
    c->generation++;
    uv_close((uv_handle_t *)&c->pipe, on_closed);
}

/* --- Answers --- */

static void on_written(uv_write_t *write, int status)
{
    struct console_client *c = write->data;
    forget_answer(c);
    if (status < 0)
        console_client_stop(c);
    if (c->state == CONSOLE_CLOSING) /* a write may end well after uv_close */
        return;
    c->active = uv_now(c->console->loop);
    c->state = CONSOLE_LINE;
    go_on(c);
}

/* Takes `bytes` over. */
static void write_answer(struct console_client *c, char *bytes, size_t length)
{
    uv_buf_t buf = uv_buf_init(bytes, (unsigned)length);
    c->answer = bytes;
    c->answer_length = length;
    c->state = CONSOLE_WRITE;
    c->unsent = length;
    c->active = uv_now(c->console->loop);
    c->write.data = c;
    if (uv_write(&c->write, (uv_stream_t *)&c->pipe, &buf, 1, on_written) != 0) {
        forget_answer(c);
        console_client_stop(c);
    }
}

void console_client_reply(struct console_client *c, uint32_t generation, char *bytes,
                          size_t length)
{
    if (c->state != CONSOLE_ANSWER || c->generation != generation) {
        forget_free(bytes, length);
        return;
    }
    c->generation++;
    write_answer(c, bytes, length);
}

static void refuse(struct console_client *c, const char *answer)
{
    char *copy = strdup(answer);
    if (copy == NULL)
        console_client_stop(c);
    else
        write_answer(c, copy, strlen(copy));
}

/* --- Commands --- */

static uint64_t token_of(const struct console_client *c)
{
    uint64_t index = (uint64_t)(c - c->console->clients);
    return (uint64_t)c->generation << 32 | index;
}

static void command(struct console_client *c, struct slice document)
{
    struct console *console = c->console;
    c->state = CONSOLE_ANSWER;
    uv_read_stop((uv_stream_t *)&c->pipe);
    console->handlers->command(console->context, c->line, document, c->peer, token_of(c));
}

/* The next whole line at *at, without its end; false when its end has not come yet. */
static bool next_line(struct console_client *c, size_t *at, struct slice *ret_line)
{
    size_t from = *at > c->searched ? *at : c->searched, end;
    struct slice line;

    if (c->input == NULL) /* nothing has come yet */
        return false;
    end = from + slice_find((struct slice){c->input + from, c->end - from}, '\n');
    line = (struct slice){c->input + *at, end - *at};
    c->searched = end;
    if (end == c->end)
        return false;
    *at = end + 1;
    if (line.length > 0 && line.at[line.length - 1] == '\r')
        line.length--;
    *ret_line = line;
    return true;
}

static void refuse_line(struct console_client *c)
{
    refuse(c, "ERR too_long a command is at most 4096 bytes\n.\n");
}

static void read_command(struct console_client *c)
{
    struct console *console = c->console;
    struct slice line;
    if (!next_line(c, &c->begin, &line)) {
        if (c->end - c->begin > CONSOLE_LINE_MAX + 1) /* + 1: it may end in \r */
            c->state = CONSOLE_SKIP_LINE;
        return;
    }
    if (line.length > CONSOLE_LINE_MAX) {
        refuse_line(c);
        return;
    }
    line = slice_trim(line);
    if (line.length == 0)
        return;
    memcpy(c->command, line.at, line.length);
    c->line = (struct slice){c->command, line.length};
    if (console->handlers->takes_document(console->context, c->line)) {
        c->state = CONSOLE_DOCUMENT;
        c->scan = c->begin;
    } else {
        command(c, (struct slice){NULL, 0});
    }
}

static void skip_line(struct console_client *c)
{
    struct slice line;
    if (next_line(c, &c->begin, &line))
        refuse_line(c);
    else
        c->begin = c->end;
}

static void refuse_document(struct console_client *c)
{
    refuse(c, "ERR too_long a document is at most 64 MiB\n.\n");
}

static void read_document(struct console_client *c)
{
    struct slice line;
    size_t at = c->scan;
    while (next_line(c, &at, &line)) {
        if (slice_equal(line, SLICE("."))) {
            struct slice document = {c->input + c->begin, c->scan - c->begin};
            c->begin = at;
            if (document.length > CONSOLE_DOCUMENT_MAX)
                refuse_document(c);
            else
                command(c, document);
            return;
        }
        c->scan = at;
    }
    if (c->end - c->begin > CONSOLE_DOCUMENT_MAX + INPUT_STEP)
        /* More than one that is just within the limit. */
        c->state = CONSOLE_SKIP_DOCUMENT;
}

/* Only the last, unfinished line is kept: it may be the `.` that ends the document. */
static void skip_document(struct console_client *c)
{
    struct slice line;
    while (next_line(c, &c->scan, &line))
        if (slice_equal(line, SLICE("."))) {
            c->begin = c->scan;
            refuse_document(c);
            return;
        }
    c->begin = c->scan;
    if (c->end - c->begin > INPUT_KEPT)
        c->begin = c->end - INPUT_KEPT; /* far too long for a `.`, wherever it began */
    c->scan = c->begin;
}

static bool is_reading(const struct console_client *c)
{
    return c->state >= CONSOLE_LINE && c->state <= CONSOLE_SKIP_DOCUMENT;
}

static void step(struct console_client *c)
{
    switch (c->state) {
    case CONSOLE_LINE:
        read_command(c);
        break;
    case CONSOLE_DOCUMENT:
        read_document(c);
        break;
    case CONSOLE_SKIP_LINE:
        skip_line(c);
        break;
    case CONSOLE_SKIP_DOCUMENT:
        skip_document(c);
        break;
    case CONSOLE_FREE:
    case CONSOLE_ANSWER:
    case CONSOLE_WRITE:
    case CONSOLE_CLOSING:
        break;
    }
}

/* --- Reading --- */

static void lend_input(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    struct console_client *c = handle->data;
    (void)suggested;
    if (c->capacity - c->end < INPUT_STEP) {
        size_t larger = c->capacity < INPUT_STEP ? 2 * INPUT_STEP : 2 * c->capacity;
        char *grown = realloc(c->input, larger);
        if (grown != NULL) {
            c->input = grown;
            c->capacity = larger;
        }
    }
    /* No room left is UV_ENOBUFS, which closes the client. */
    *ret_buf = uv_buf_init(c->input + c->end, (unsigned)(c->capacity - c->end));
}

static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct console_client *c = stream->data;
    (void)buf;
    if (nread < 0) {
        console_client_stop(c);
        return;
    }
    c->end += (size_t)nread;
    c->active = uv_now(c->console->loop);
    go_on(c);
}

/* Moves what is left to the front; gives back what only a long document needed. */
static void compact(struct console_client *c)
{
    if (c->begin == 0)
        return;
    memmove(c->input, c->input + c->begin, c->end - c->begin);
    memset(c->input + c->end - c->begin, 0, c->begin);
    c->end -= c->begin;
    c->scan -= c->scan < c->begin ? c->scan : c->begin;
    c->searched -= c->searched < c->begin ? c->searched : c->begin;
    c->begin = 0;
    if (c->capacity <= INPUT_KEPT || c->end > INPUT_KEPT / 2)
        return;
    char *smaller = realloc(c->input, INPUT_KEPT);
    if (smaller != NULL) {
        c->input = smaller;
        c->capacity = INPUT_KEPT;
    }
}

/* As many steps as the input allows; then reads on, unless an answer comes first. */
static void go_on(struct console_client *c)
{
    size_t begin;
    enum console_state state;
    do {
        begin = c->begin;
        state = c->state;
        step(c);
    } while (is_reading(c) && (c->begin != begin || c->state != state) &&
             c->begin < c->end);
    if (!is_reading(c)) {
        if (c->state != CONSOLE_CLOSING)
            uv_read_stop((uv_stream_t *)&c->pipe);
        return;
    }
    compact(c);
    int rv = uv_read_start((uv_stream_t *)&c->pipe, lend_input, on_read);
    if (rv != 0 && rv != UV_EALREADY)
        console_client_stop(c);
}

void console_client_start(struct console_client *c, struct console *console, int fd,
                          struct console_peer peer)
{
    uint32_t generation = c->generation;
    *c = (struct console_client){.console = console,
                                 .peer = peer,
                                 .state = CONSOLE_LINE,
                                 .generation = generation + 1,
                                 .active = uv_now(console->loop)};
    (void)uv_pipe_init(console->loop, &c->pipe, 0); /* cannot fail */
    c->pipe.data = c;
    console->open_handles++;
    if (uv_pipe_open(&c->pipe, fd) != 0) {
        close(fd);
        console_client_stop(c);
        return;
    }
    go_on(c);
}

void console_client_sweep(struct console_client *c)
{
    if (c->console == NULL)
        return; /* nobody has ever had this place */
    uint64_t now = uv_now(c->console->loop);
    if (c->state == CONSOLE_WRITE) {
        size_t unsent = uv_stream_get_write_queue_size((uv_stream_t *)&c->pipe);
        if (unsent != c->unsent)
            c->active = now;
        c->unsent = unsent;
    }
    if ((is_reading(c) || c->state == CONSOLE_WRITE) &&
        now - c->active >= CONSOLE_IDLE_MS)
        console_client_stop(c);
}
