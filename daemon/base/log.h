/* Floor 0 (base), but only the edges may call it: net, keep, store, answer, daemon, main
 * (style R19).
 *
 * One event is one line on standard error: `2026-11-23T09:15:02.123+07:00 warn
 * event=save_failed site=demo ...` (when systemd's journal reads us, $JOURNAL_STREAM, the
 * time is left out and "<4>" stands before it: the priority, which the journal takes
 * off). Fields are key=value; text that came from outside goes through buffer_log_field.
 * A message ends with what we do next: next=retry_in_2s. A line is written with one
 * write(2) of at most 4 KiB; when the reader is gone or the pipe is full the line is
 * dropped and counted. Control bytes in a message become '?'. Any thread. The process
 * ignores SIGPIPE. */
#ifndef LUOT_BASE_LOG_H
#define LUOT_BASE_LOG_H

#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level);
enum log_level log_get_level(void);
void log_write(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
uint64_t log_dropped(void);

#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)

#endif
