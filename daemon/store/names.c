#include "store/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/names_rows.h"

/* --- Rows --- */

static int copy(char *to, size_t size, struct slice text)
{
    if (text.length >= size || memchr(text.at, '\0', text.length) != NULL)
        return ERR_MALFORMED;
    if (text.length > 0)
        memcpy(to, text.at, text.length);
    return 0;
}

int names_fact_of(const struct dump_row *row, struct name_fact *ret_fact)
{
    struct name_fact f = {.at_ms = row->value[4].number,
                          .uid = (uint32_t)row->value[5].number};

    if (!name_kind_parse(&f.kind, row->value[1].text) ||
        copy(f.subject, sizeof f.subject, row->value[0].text) != 0 ||
        copy(f.object, sizeof f.object, row->value[2].text) != 0 ||
        copy(f.host, sizeof f.host, row->value[3].text) != 0 || !name_fact_is_valid(&f))
        return ERR_MALFORMED;
    *ret_fact = f;
    return 0;
}

void names_row_of(const struct name_fact *f, struct dump_row *ret_row)
{
    *ret_row = (struct dump_row){.kind = DUMP_NAME};
    ret_row->value[0].text = slice_of(f->subject);
    ret_row->value[1].text = slice_of(name_kind_word(f->kind));
    ret_row->value[2].text = slice_of(f->object);
    ret_row->value[3].text = slice_of(f->host);
    ret_row->value[4].number = f->at_ms;
    ret_row->value[5].number = f->uid;
}

int names_facts_add(struct names_facts *all, const struct dump_row *row)
{
    struct name_fact f;

    if (row->kind != DUMP_NAME || names_fact_of(row, &f) != 0)
        return 0; /* not of ours */
    if (all->count == all->room) {
        size_t room = all->room * 2 + 16;
        struct name_fact *more = realloc(all->fact, room * sizeof *more);
        if (more == NULL)
            return ERR_NOMEM;
        all->fact = more;
        all->room = room;
    }
    all->fact[all->count++] = f;
    return 0;
}

int names_facts_finish(struct names_facts *all, int rv, struct site_names **ret_names)
{
    struct site_names *names = rv == 0 ? site_names_new(all->fact, all->count) : NULL;

    free(all->fact);
    if (rv == 0 && names == NULL)
        rv = ERR_NOMEM;
    if (rv == 0)
        *ret_names = names;
    return rv;
}

/* --- A store --- */

static int hear(void *context, const struct dump_row *row)
{
    return names_facts_add(context, row);
}

int names_read(struct store *store, struct site_names **ret_names)
{
    struct names_facts all = {.count = 0};
    int64_t state;
    int rv = store->ops->dump == NULL
                 ? 0
                 : store->ops->dump(store, SLICE(""), (struct dump_place){DUMP_NAME, 0},
                                    DUMP_NAME, hear, &all, &state);

    return names_facts_finish(&all, rv == ERR_VERSION ? 0 : rv, ret_names);
}

struct saying {
    struct dump_row row[3];
    size_t rows, at;
};

static int next_row(void *context, const struct dump_row **ret_row)
{
    struct saying *s = context;

    if (s->at == s->rows)
        return ERR_NOT_FOUND;
    *ret_row = &s->row[s->at++];
    return 0;
}

int names_say(struct store *store, const struct name_fact *fact, struct slice site,
              const char *what)
{
    struct saying *s = calloc(1, sizeof *s);
    int rv;

    if (s == NULL || store->ops->load == NULL) {
        free(s);
        return s == NULL ? ERR_NOMEM : ERR_VERSION;
    }
    names_row_of(fact, &s->row[s->rows++]);
    if (site.length > 0) {
        s->row[1].kind = DUMP_SITE;
        s->row[1].value[0].text = site;
        s->row[2].kind = DUMP_AUDIT;
        s->row[2].value[0].number = fact->at_ms / 1000;
        s->row[2].value[1].number = fact->uid;
        s->row[2].value[2].number = 1;
        s->row[2].value[3].text = slice_of(what);
        s->rows = 3;
    }
    rv = store->ops->load(store, next_row, s, fact->uid, fact->at_ms / 1000, NULL);
    free(s);
    return rv;
}

int names_say_all(struct store *store, const struct site_names *names)
{
    int rv = 0;

    for (size_t i = 0; names != NULL && i < names->count && rv == 0; i++)
        rv = names_say(store, &names->fact[i], SLICE(""), "");
    return rv;
}
