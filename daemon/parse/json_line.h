/* Floor 1 (parse). One flat JSON object, member by member, on the bytes as they are: no
 * tree, no heap, nothing copied. Pure.
 *
 * Strict RFC 8259, but for bytes over 0x7F, which pass in any order: nginx writes what a
 * client sent, and text is cleaned where it is written out. What is an object or array in
 * itself is checked and given as it stands; JSON_DEPTH_MAX of them may be in each
 * other. */
#ifndef LUOT_PARSE_JSON_LINE_H
#define LUOT_PARSE_JSON_LINE_H

#include "base/slice.h"

enum { JSON_DEPTH_MAX = 16 };

enum member_kind {
    MEMBER_TEXT,
    MEMBER_NUMBER,
    MEMBER_WORD /* true false null */,
    MEMBER_NESTED
};

struct json_member {
    struct slice name;  /* without its quotes, escapes as they are               */
    struct slice value; /* likewise; a number, a word or nested JSON as it stands */
    enum member_kind kind;
};

struct json_line {
    struct slice rest;
    bool begun;
    bool malformed;
};

/* The next member of `j`, which began as {.rest = text}. False at the end, or where it
 * stops being JSON: json_line_is_whole says which. */
bool json_line_next(struct json_line *j, struct json_member *ret_member);
/* After false: was that all, and right? */
bool json_line_is_whole(const struct json_line *j);

/* A string's value without its escapes: the value itself when it has none, else UTF-8
 * written to memory (value.length bytes are enough). NUL and lone surrogates become
 * U+FFFD, so that no text ever holds them. */
struct slice json_line_text(struct slice value, char *memory);

#endif
