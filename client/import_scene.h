/* What a past page view is counted by: the steps that luotd takes with a live line (floor 2,
 * identify), on luotd's own settings and lists. */
#ifndef LUOT_IMPORT_SCENE_H
#define LUOT_IMPORT_SCENE_H

#include "base/config.h"
#include "base/outcome.h"
#include "identify/visit.h"
#include "parse/log_line.h"

struct import_scene;

/* `settings`: what `import-key` says, a configuration with the one site; `own_host`: of a
 * site that opened by itself. Opens the country database and the lists that are named
 * there. On an error the sentence says what to do. */
int import_scene_new(struct import_scene **ret_scene, struct slice settings,
                     struct slice own_host, char ret_sentence[512]);
void import_scene_free(struct import_scene *s);

/* What becomes of a line that is a page view, judged as a live line is, and its keys, good
 * until the next line. OUTCOME_VIEW; or OUTCOME_BOT, with the robot's name alone (unless
 * `bots = counted`); OUTCOME_INTERNAL, or OUTCOME_SUSPECT when it comes from a host in
 * `referrer_deny`, without any. */
enum outcome import_scene_read(struct import_scene *s, struct visit *ret_visit,
                               const struct log_line *line, enum page_rule rule);

#endif
