/* Floor 4 (answer). Who may read what: everybody a public site, a reader with a token what
 * the configuration opens to him (site_is_open_to), and that as it is, without small numbers
 * folded. */
#ifndef LUOT_ANSWER_RIGHTS_H
#define LUOT_ANSWER_RIGHTS_H

#include "answer/service.h"
#include "base/readers.h"

/* The readers of now; NULL: there are none. For as long as an answer takes. */
const struct readers *service_readers(const struct service *service);

/* Which sites a document of many may list. A value: it may be kept for long, and is asked
 * anew each time. */
struct rights {
    const struct service *service;
    uint8_t token[READER_HASH_BYTES]; /* the hash of what was shown            */
    bool shown;                       /* there was a token                     */
    bool all;                         /* an operator asks: no site is private  */
};

/* The reader, NULL: only what is public. */
const struct reader *rights_reader(const struct rights *r);

#endif
