/* Floor 2 (identify), for referrer_list*.c. What a list is made of. */
#ifndef LUOT_IDENTIFY_REFERRER_LIST_INNER_H
#define LUOT_IDENTIFY_REFERRER_LIST_INNER_H

#include <libpsl.h>

#include "identify/referrer_list.h"
#include "identify/referrer_table.h"

enum label_match { LABEL_BEGINS, LABEL_ENDS, LABEL_HOLDS };

struct label_pattern {
    enum label_match match;
    enum referrer_class class;
    uint8_t length;
    char text[REFERRER_LABEL_MAX];
};

struct referrer_list {
    uint64_t id;
    psl_ctx_t *suffixes;
    struct referrer_table hosts;  /* hosts with paths too, and whole labels: "search." */
    struct referrer_table denied; /* their class means nothing */
    size_t label_count;
    struct label_pattern label[REFERRER_LABELS_MAX]; /* with a * */
};

#endif
