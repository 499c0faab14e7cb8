/* Floor 0 (base). A small file whole: lists that an operator may name in a setting. */
#ifndef LUOT_BASE_FILE_TEXT_H
#define LUOT_BASE_FILE_TEXT_H

#include "base/slice.h"

/* Reads a regular file of at most `limit` bytes; *ret_text is to be free()d as
 * (void *)text.at, which is never NULL. ERR_NOT_FOUND, ERR_DENIED, ERR_IO, ERR_TOO_LONG,
 * ERR_FOREIGN (not a regular file) or ERR_NOMEM. */
int file_text_read(struct slice *ret_text, const char *path, size_t limit);

#endif
