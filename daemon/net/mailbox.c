#include "net/mailbox.h"

#include <stdlib.h>

#include "base/error.h"

int mailbox_init(struct mailbox *m, uv_loop_t *loop, uv_async_cb on_bell, void *data)
{
    m->first = NULL;
    m->end = &m->first;
    m->open = true;
    if (uv_mutex_init(&m->lock) != 0)
        return ERR_NOMEM;
    if (uv_async_init(loop, &m->bell, on_bell) != 0) {
        uv_mutex_destroy(&m->lock);
        return ERR_NOMEM;
    }
    m->bell.data = data;
    return 0;
}

static void drop(struct letter *letters)
{
    while (letters != NULL) {
        struct letter *next = letters->next;
        free(letters->bytes);
        free(letters);
        letters = next;
    }
}

void mailbox_close(struct mailbox *m, uv_close_cb on_closed)
{
    uv_mutex_lock(&m->lock);
    m->open = false;
    uv_close((uv_handle_t *)&m->bell, on_closed);
    uv_mutex_unlock(&m->lock);
    drop(mailbox_take(m));
}

void mailbox_release(struct mailbox *m)
{
    uv_mutex_destroy(&m->lock);
}

void mailbox_put(struct mailbox *m, struct reply_token token, char *bytes, size_t length,
                 unsigned status)
{
    struct letter *letter = malloc(sizeof *letter);
    bool taken = false;
    if (letter != NULL) {
        *letter = (struct letter){
            .token = token, .bytes = bytes, .length = length, .status = status};
        uv_mutex_lock(&m->lock);
        if (m->open) {
            *m->end = letter;
            m->end = &letter->next;
            uv_async_send(&m->bell);
            taken = true;
        }
        uv_mutex_unlock(&m->lock);
    }
    if (!taken) { /* stopping, or no memory: the connection closes at its deadline */
        free(letter);
        free(bytes);
    }
}

void mailbox_ring(struct mailbox *m)
{
    uv_mutex_lock(&m->lock);
    if (m->open)
        uv_async_send(&m->bell);
    uv_mutex_unlock(&m->lock);
}

struct letter *mailbox_take(struct mailbox *m)
{
    uv_mutex_lock(&m->lock);
    struct letter *letters = m->first;
    m->first = NULL;
    m->end = &m->first;
    uv_mutex_unlock(&m->lock);
    return letters;
}
