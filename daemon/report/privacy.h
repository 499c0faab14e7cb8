/* Floor 3 (report). What this installation keeps of visitors, and for how long, from its
 * settings and its state: for visitors (/privacy, in vi, km and en) and for who operates
 * it (`luotctl privacy`). The sentences are in privacy_rows.c. */
#ifndef LUOT_REPORT_PRIVACY_H
#define LUOT_REPORT_PRIVACY_H

#include "count/registry.h"
#include "report/page.h"

enum { PRIVACY_SITES_SHOWN = 100 /* on the page; luotctl shows all */ };

struct privacy {
    struct instant now;
    const char *version;
    const char *contact;      /* setting privacy_contact; may be ""            */
    const char *arena_fs;     /* the file system that marks and keys lie on    */
    bool sqlite, redis;       /* the stores; neither: numbers end with a boot  */
    bool keys_shared;         /* nodes have one key: cluster_secret_file       */
    bool countries, networks; /* are looked up                             */
    const struct registry *registry;
    bool all; /* of sites: those that are not public too */
};

/* Bytes that are enough for any of the three. */
size_t privacy_limit(const struct privacy *p);
void privacy_html(struct buffer *out, const struct privacy *p, enum language language);
void privacy_text(struct buffer *out, const struct privacy *p, enum language language);
/* {"version","as_of","contact","stores","identity",...}: facts, and every row
 * that holds with its sentence. */
void privacy_json(struct buffer *out, const struct privacy *p, enum language language);

#endif
