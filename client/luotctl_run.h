/* luotctl as a function: everything but the process around it. */
#ifndef LUOT_LUOTCTL_RUN_H
#define LUOT_LUOTCTL_RUN_H

#include <stdio.h>

#include "luotctl_invocation.h"

struct luotctl {
    FILE *out, *err;
    const char *socket; /* as given with --socket; NULL: find it */
    bool json;
};

/* The exit status: 0; 1 when luotd refused; else one of sysexits.h. */
int luotctl_run(FILE *out, FILE *err, int argc, char *const *argv);

/* `import`, in luotctl_import.c. */
int luotctl_import(const struct luotctl *ctl, const struct invocation *i);
/* In luotctl_dump.c, luotctl_load.c, luotctl_check.c, luotctl_classify.c. */
int luotctl_check(const struct luotctl *ctl, const struct invocation *i);
/* In luotctl_report.c: a monthly report, and whether that is what was typed. */
int luotctl_report(const struct luotctl *ctl, const struct invocation *i);
bool month_report_is_asked(const struct invocation *i);
/* In luotctl_live.c: `top` without KEY. */
int luotctl_live(const struct luotctl *ctl, const struct invocation *i);
/* In luotctl_reader.c: a token, and whether that is what was typed. */
int luotctl_reader(const struct luotctl *ctl, const struct invocation *i);
bool reader_add_is_asked(const struct invocation *i);
int luotctl_dump(const struct luotctl *ctl, const struct invocation *i);
int luotctl_classify(const struct luotctl *ctl, const struct invocation *i);
int luotctl_load(const struct luotctl *ctl, const struct invocation *i);

/* For all of them: what luotd said, as tables or as it is. 0, or 1 when it refused. */
struct reply;
int luotctl_show_reply(const struct luotctl *ctl, const struct reply *reply, bool tables);

/* For all of them: says `luotctl: SENTENCE` on ctl->err and returns status. */
int luotctl_fail(const struct luotctl *ctl, int status, const char *sentence);

#endif
