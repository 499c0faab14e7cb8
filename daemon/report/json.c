#include "report/json.h"

#include <assert.h>

void json_out_init(struct json_out *j, struct buffer *out)
{
    *j = (struct json_out){.out = out};
}

static void before(struct json_out *j, const char *key)
{
    uint32_t bit = (uint32_t)1 << j->depth;

    if ((j->filled & bit) != 0)
        buffer_byte(j->out, ',');
    j->filled |= bit;
    if (key == NULL)
        return;
    buffer_json(j->out, slice_of(key));
    buffer_byte(j->out, ':');
}

static void open(struct json_out *j, const char *key, char bracket)
{
    before(j, key);
    buffer_byte(j->out, bracket);
    assert(j->depth < JSON_DEPTH_MAX);
    j->depth++;
    j->filled &= ~((uint32_t)1 << j->depth);
}

static void close(struct json_out *j, char bracket)
{
    assert(j->depth > 0);
    j->depth--;
    buffer_byte(j->out, bracket);
}

void json_out_object(struct json_out *j, const char *key)
{
    open(j, key, '{');
}

void json_out_object_end(struct json_out *j)
{
    close(j, '}');
}

void json_out_array(struct json_out *j, const char *key)
{
    open(j, key, '[');
}

void json_out_array_end(struct json_out *j)
{
    close(j, ']');
}

void json_out_slice(struct json_out *j, const char *key, struct slice value)
{
    before(j, key);
    buffer_json(j->out, value);
}

void json_out_text(struct json_out *j, const char *key, const char *value)
{
    json_out_slice(j, key, slice_of(value));
}

void json_out_hex(struct json_out *j, const char *key, const void *at, size_t length)
{
    before(j, key);
    buffer_byte(j->out, '"');
    buffer_hex(j->out, at, length);
    buffer_byte(j->out, '"');
}

void json_out_number(struct json_out *j, const char *key, uint64_t value)
{
    before(j, key);
    buffer_number(j->out, value);
}

void json_out_signed(struct json_out *j, const char *key, int64_t value)
{
    before(j, key);
    buffer_signed(j->out, value);
}

void json_out_decimal(struct json_out *j, const char *key, double value, unsigned digits)
{
    before(j, key);
    buffer_decimal(j->out, value, digits);
}

void json_out_bool(struct json_out *j, const char *key, bool value)
{
    before(j, key);
    buffer_text(j->out, value ? "true" : "false");
}

void json_out_null(struct json_out *j, const char *key)
{
    before(j, key);
    buffer_text(j->out, "null");
}
