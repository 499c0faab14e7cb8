/* Floor 4 (answer). What the privacy page is made of, from the service and its settings. */
#ifndef LUOT_ANSWER_PRIVACY_H
#define LUOT_ANSWER_PRIVACY_H

#include "answer/service.h"
#include "report/privacy.h"

/* Points into the service and its configuration: for this answer only. `all`: of sites
 * also those that are not public. */
struct privacy privacy_of(const struct service *service, struct instant now, bool all);

#endif
