/* Floor 3 (report). JSON out: objects and arrays with their commas, on top of a bounded
 * buffer that remembers its first error. A key is NULL inside an array and at the top. */
#ifndef LUOT_REPORT_JSON_H
#define LUOT_REPORT_JSON_H

#include "base/buffer.h"

enum { JSON_DEPTH_MAX = 31 };

struct json_out {
    struct buffer *out;
    uint32_t filled; /* bit n: the container at depth n has an element */
    unsigned depth;
};

void json_out_init(struct json_out *j, struct buffer *out);
void json_out_object(struct json_out *j, const char *key);
void json_out_object_end(struct json_out *j);
void json_out_array(struct json_out *j, const char *key);
void json_out_array_end(struct json_out *j);
/* Any bytes: what is no UTF-8 becomes U+FFFD. */
void json_out_slice(struct json_out *j, const char *key, struct slice value);
void json_out_text(struct json_out *j, const char *key, const char *value);
/* Bytes as text: lower-case hexadecimal. */
void json_out_hex(struct json_out *j, const char *key, const void *at, size_t length);
void json_out_number(struct json_out *j, const char *key, uint64_t value);
void json_out_signed(struct json_out *j, const char *key, int64_t value);
void json_out_decimal(struct json_out *j, const char *key, double value, unsigned digits);
void json_out_bool(struct json_out *j, const char *key, bool value);
void json_out_null(struct json_out *j, const char *key);

#endif
