/* Floor 1 (parse). A live log line in whichever format its server was told to write:
 *
 *   common     H I U [T] "R" S B
 *   combined   H I U [T] "R" S B "F" "A", and ` "X-Forwarded-For"` behind it, or anything
 *   with the virtual host in front of either: V or V:PORT, when H is an address
 *   JSON       log_json.h
 *
 * Pure. Past logs are read by log_line alone, which knows no virtual host. */
#ifndef LUOT_PARSE_LOG_FORMAT_H
#define LUOT_PARSE_LOG_FORMAT_H

#include "parse/log_line.h"

/* Is it meant as a log line, and not as a beacon? A '{', or a space before any '=': a
 * beacon that says anything has its first '=' before any space. So a line of a format
 * that is not read is malformed, and no beacon of an unknown site. */
bool log_format_begins(struct slice line);
/* ERR_MALFORMED. Target and referrer come without their escapes, decoded into `scratch`
 * (the caller's, at least line.length bytes, good as long as the line is used); the agent
 * of the common and combined formats stays as it is, so that live and imported lines tell
 * the same visitors apart. */
int log_format_read(struct log_line *ret_line, struct slice line, char *scratch);

#endif
