/* One value of a document in people's words. What a number is, its key says. */
#ifndef LUOT_LUOTCTL_VALUE_H
#define LUOT_LUOTCTL_VALUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/zone.h"

/* Unix seconds: as_of, created_s. */
bool value_is_time(const char *key, const json_t *value);
/* Seconds or milliseconds that something takes: online_window_s, last_ms. */
bool value_is_duration(const char *key, const json_t *value);
/* How many characters of a key are its unit: 2 of online_window_s, 3 of last_ms, else
 * 0. */
size_t value_unit(const char *key);

/* As much of a time as tells it from its neighbours. */
enum precision { TO_THE_SECOND, TO_THE_MINUTE, TO_THE_DAY };

/* zone == NULL: UTC, and the text says so. */
bool value_is_day_start(const struct zone *zone, int64_t t);
void value_write_time(const struct zone *zone, int64_t t, enum precision precision,
                      char text[32]);
void value_write_duration(int64_t seconds, char text[64]);
/* With a comma, and without zeros at the end; an `error` in percent. */
void value_write_real(const char *key, double number, char text[64]);

#endif
