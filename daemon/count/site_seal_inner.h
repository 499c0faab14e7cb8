/* Floor 2 (count), private to site_seal.c and site_check_rest.c: what a seal is of. */
#ifndef LUOT_COUNT_SITE_SEAL_INNER_H
#define LUOT_COUNT_SITE_SEAL_INNER_H

#include "count/site_seal.h"

enum seal_of {
    SEAL_OF_NAME = 101,
    SEAL_OF_CREATED,
    SEAL_OF_LIVE,
    SEAL_OF_IMPORT,
    SEAL_OF_HISTORY,
    SEAL_OF_ASIDE,
    SEAL_OF_VIEW,
    SEAL_OF_KEY = 110,  /* and the two after it */
    SEAL_OF_READY = 120 /* likewise             */
};

/* 48 bits of a hash. */
uint64_t site_name_sum(const char *key, const char *host);
uint64_t site_key_sum(const struct site_key *k, int64_t from_slot, int64_t gone_slot);
uint64_t site_import_sum(const struct site_block *b);
uint64_t site_history_sum(const struct site_block *b);
uint16_t site_other_crc(const struct site *s, enum seal_row kind, unsigned index);
_Atomic uint16_t *site_other_seal(const struct site *s, enum seal_row kind,
                                  unsigned index);
/* Cut to what fits, and zero to the end. */
void site_write_name(char *at, size_t size, struct slice name);

#endif
