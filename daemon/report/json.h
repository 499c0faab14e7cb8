/* Floor 3 (report). JSON out: objects and arrays with their commas, on top of a bounded
 * buffer that remembers its first error. A key is NULL inside an array and at the top. */
#ifndef LUOT_REPORT_JSON_H
#define LUOT_REPORT_JSON_H

#include "base/buffer.h"

enum { JSON_DEPTH_MAX = 31 };

struct json {
    struct buffer *out;
    uint32_t filled; /* bit n: the container at depth n has an element */
    unsigned depth;
};

void json_init(struct json *j, struct buffer *out);
void json_object(struct json *j, const char *key);
void json_object_end(struct json *j);
void json_array(struct json *j, const char *key);
void json_array_end(struct json *j);
/* Any bytes: what is no UTF-8 becomes U+FFFD. */
void json_slice(struct json *j, const char *key, struct slice value);
void json_text(struct json *j, const char *key, const char *value);
void json_number(struct json *j, const char *key, uint64_t value);
void json_signed(struct json *j, const char *key, int64_t value);
void json_decimal(struct json *j, const char *key, double value, unsigned digits);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);

#endif
