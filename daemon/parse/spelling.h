/* Floor 1 (parse). What a worker knows of texts by the way they are written: "a%20b", "a+b"
 * and "a b" are spellings of one text. A spelling that it has met need not be decoded: its
 * escapes are good, and the text's hash is remembered, by which everything else about the
 * text is found.
 *
 * Found by a hash of the spelling. Nothing is compared (base/hash_text.h), and no text lies
 * here; what is longer than HASH_TEXT_BYTES is never known. One worker's, 128 KiB of each
 * kind as they come. */
#ifndef LUOT_PARSE_SPELLING_H
#define LUOT_PARSE_SPELLING_H

#include "base/hash_text.h"

enum { SPELLINGS = 8192 /* of a kind */ };

/* One does not take the other's places: there are far fewer agents than pages. */
enum spelling_kind { SPELLING_PAGE, SPELLING_REFERRER, SPELLING_AGENT, SPELLING_KINDS };

struct spelling {
    uint64_t tag;  /* of the bytes as they are written; 0: nothing */
    uint64_t hash; /* of the text: hash_text without a salt        */
};

struct spellings {
    const struct hash_text_key *secret; /* the worker's */
    struct spelling row[SPELLING_KINDS][SPELLINGS];
};

/* What is known of a text that somebody has parsed. */
struct spelt {
    uint64_t hash;   /* of the text, where it is hashed                     */
    bool is_hashed;  /* then it has no more than HASH_TEXT_BYTES            */
    bool is_written; /* as its line writes it: its escapes, if any, are good */
};

/* NULL: no memory. The secret outlives it. */
struct spellings *spellings_new(const struct hash_text_key *secret);
void spellings_free(struct spellings *s); /* NULL is a no-op */
/* Nothing is known any more; what was is zero. */
void spellings_forget(struct spellings *s);

/* What is written as `tag` says is this text. */
void spelling_learn(const struct spellings *s, struct spelling *row, uint64_t tag,
                    struct slice text);

static inline bool spelling_is_short(struct slice written)
{
    return written.length <= HASH_TEXT_BYTES;
}

static inline uint64_t spelling_tag(const struct spellings *s, struct slice written)
{
    return hash_text(s->secret, written, 0) | 1;
}

/* The row of a tag, or where it is to be: each has two places. */
static inline struct spelling *spelling_row(struct spellings *s, enum spelling_kind kind,
                                            uint64_t tag)
{
    struct spelling *first = &s->row[kind][(tag >> 1) % SPELLINGS],
                    *second = &s->row[kind][(tag >> 1) % SPELLINGS ^ 1];

    if (first->tag == tag || first->tag == 0)
        return first;
    return second->tag == tag || second->tag == 0 ? second : first;
}

#endif
