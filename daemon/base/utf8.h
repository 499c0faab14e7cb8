/* Floor 0 (base). Is text what it says it is? */
#ifndef LUOT_BASE_UTF8_H
#define LUOT_BASE_UTF8_H

#include "base/slice.h"

/* UTF-8 (shortest forms, no surrogates) without control characters. */
bool utf8_is_clean(struct slice text);

#endif
