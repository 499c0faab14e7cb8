/* Floor 4 (answer). Commands that need the store: they check what was typed, then a job
 * of the reader thread does it, audits it and answers.
 *
 * It fails when: the queue is full (ERR busy), there is no store (ERR no_store), the
 * store fails (ERR store and its sentence), luotd is stopping (ERR stopping). Nothing is
 * half done then: a store's change is one transaction. */
#ifndef LUOT_ANSWER_STORE_JOB_H
#define LUOT_ANSWER_STORE_JOB_H

#include "answer/command.h"
#include "store/history.h"

enum { STORE_ANSWER_BYTES = 8192 };

struct store_job;
typedef void store_job_fn(struct store_job *j, struct store *store, struct instant now);

enum site_change { SITE_RENAME, SITE_MERGE, SITE_ARCHIVE, SITE_RESTORE };

struct job_naming { /* site rename, merge, archive, restore */
    enum site_change change;
    char from[SITE_KEY_MAX + 1], to[SITE_KEY_MAX + 1];
};

struct job_month { /* report --month */
    int64_t year;
    unsigned month, starts_on;
    bool previous, a_year;
    char group[64]; /* "": of any */
};

struct store_job {
    struct job job; /* first */
    store_job_fn *work;
    struct service *service;
    struct destination to;
    struct site *site;        /* NULL: load                      */
    bool json, no_store;      /* no_store: works without one too */
    uint32_t uid;             /* who asks                        */
    struct seed_request seed; /* seed                            */
    struct adjust_row adjust; /* adjust                          */
    struct job_naming naming; /* site                            */
    struct job_month month;   /* report --month                  */
    uint64_t first_line;      /* source                          */
    struct dump_place place;  /* dump                            */
    int64_t quiet_s;          /* check                           */
    struct {                  /* seed --page                     */
        char name[NAME_MAX_BYTES + 1], note[256];
        uint64_t views;
    } page;
    char *document; /* load; dump: the key; ours       */
    size_t length;
};

/* Main thread. NULL: no memory, and that was said. */
struct store_job *store_job_new(const struct asked_command *c, struct site *site,
                                store_job_fn *work);
/* The job is the reader's, or gone and that was said. */
void store_job_submit(struct store_job *j);
/* Reader thread, from `work`: one of them, once. */
void store_job_error(const struct store_job *j, const char *name, const char *sentence);
void store_job_answer(const struct store_job *j, const struct buffer *out);

/* commands_dump.c: the work of `load` when the document is a dump. */
void work_load_dump(struct store_job *j, struct store *store, struct instant now);

#endif
