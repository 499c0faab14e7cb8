#include "lib/topk_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROOM = 2 << 20,
    HEAD_AT = 0,
    INDEX_0_AT = 4096,
    CELLS_AT = INDEX_0_AT + TOPK_WORDS_0 * 8,
    INDEX_1_AT = 1200 << 10,
    INDEX_2_AT = INDEX_1_AT + TOPK_WORDS_1 * 8,
    YARD_AT = INDEX_2_AT + TOPK_WORDS_2 * 8
};

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "topk_place: %s\n", what);
    abort();
}

void topk_place_open(struct topk_place *p)
{
    struct arena_layout layout = {.version = 1,
                                  .layout_hash = 1,
                                  .head_bytes = 4096,
                                  .ranges = 1,
                                  .range_bytes = ROOM};
    struct arena_report report;
    char *range;

    memset(p, 0, sizeof *p);
    must(hash_start() == 0, "hash_start");
    p->dir = scratch_new();
    must(arena_open(&p->arena, p->dir.dir, &layout, 0, &report) == 0, "arena_open");
    range = arena_range(p->arena, 0);
    must(arena_back(p->arena, range, INDEX_0_AT + 4096) == 0, "arena_back");
    p->table = (struct topk_table){
        .head = (struct topk *)range,
        .yard = (_Atomic uint32_t *)(range + YARD_AT),
        .names = {.head = &((struct topk *)range)->names,
                  .key = &((struct topk *)range)->key,
                  .index = {(_Atomic uint64_t *)(range + INDEX_0_AT),
                            (_Atomic uint64_t *)(range + INDEX_1_AT),
                            (_Atomic uint64_t *)(range + INDEX_2_AT)},
                  .words = {TOPK_WORDS_0, TOPK_WORDS_1, TOPK_WORDS_2},
                  .first = (struct name_cell *)(range + CELLS_AT),
                  .rest = (struct name_cell *)(range + CELLS_AT) + TOPK_FIRST_CELLS,
                  .first_cells = TOPK_FIRST_CELLS,
                  .limit = TOPK_CELLS}};
    topk_clear(&p->table);
    topk_init(&p->table);
}

void topk_place_close(struct topk_place *p)
{
    arena_close(p->arena);
    scratch_free(&p->dir);
}

void topk_place_tick(struct topk_place *p)
{
    p->over = p->begun;
    must(topk_keep(&p->table, p->arena, &p->ticket, p->begun, p->over) == 0, "topk_keep");
    p->begun++;
}

void topk_place_add(struct topk_place *p, enum dimension d, const char *key, bool visitor)
{
    topk_add(&p->table, NULL, d, slice_of(key), visitor);
}

void topk_place_read(const struct topk_place *p, enum dimension d,
                     struct place_top *ret_top)
{
    struct topk_list list[DIMENSIONS] = {{.row = NULL}};
    struct topk_row row[TOPK_LIST_MAX];

    list[d].row = row;
    list[d].limit = TOPK_LIST_MAX;
    topk_read(&p->table, list);
    *ret_top = (struct place_top){
        .count = list[d].count, .total = list[d].total, .error = list[d].error};
    for (unsigned i = 0; i < list[d].count; i++) {
        struct place_row *to = &ret_top->row[i];
        size_t length;

        must(topk_key(&p->table, &row[i], to->key, &length), "topk_key");
        to->key[length] = '\0';
        to->views = row[i].views;
        to->visitors = row[i].visitors;
        to->lacks = row[i].lacks;
        ret_top->sum += row[i].views;
    }
}

const struct place_row *place_row_of(const struct place_top *top, const char *key)
{
    for (unsigned i = 0; i < top->count; i++)
        if (strcmp(top->row[i].key, key) == 0)
            return &top->row[i];
    return NULL;
}
