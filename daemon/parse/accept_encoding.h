/* Floor 1 (parse). What a client says of the forms it takes an answer in: the value of an
 * Accept-Encoding header (RFC 9110, 12.5.3). Pure. */
#ifndef LUOT_PARSE_ACCEPT_ENCODING_H
#define LUOT_PARSE_ACCEPT_ENCODING_H

#include "base/slice.h"

/* Is gzip welcome, and not less than the plain bytes? `gzip` and `x-gzip` are the same, `*`
 * is what is not named, the first naming counts; who says nothing gets plain bytes. A weight
 * that is none (RFC 9110, 12.4.2) is one that its element does not have: it is passed
 * over. */
bool accepts_gzip(struct slice accept_encoding);
/* Is Brotli welcome by its name, and not less than gzip or the plain bytes? What a `*` would
 * take gets gzip, which is older. */
bool accepts_brotli(struct slice accept_encoding);

#endif
