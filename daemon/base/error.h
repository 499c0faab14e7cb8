/* Floor 0 (base). The one list of luot's error codes, each with its sentence.
 * Functions that can fail return 0 or one of these; floors 0-2 never log. */
#ifndef LUOT_BASE_ERROR_H
#define LUOT_BASE_ERROR_H

#define ERRORS(X)                                                                        \
    X(ERR_MALFORMED, "the input could not be read")                                      \
    X(ERR_PARTIAL, "more bytes are needed")                                              \
    X(ERR_TOO_LONG, "the input is longer than its limit")                                \
    X(ERR_FULL, "a table or buffer with a fixed limit is full")                          \
    X(ERR_NOMEM, "out of memory")                                                        \
    X(ERR_NOSPACE, "no space left; free some or make the limit larger")                  \
    X(ERR_IO, "reading or writing failed")                                               \
    X(ERR_NOT_FOUND, "no such thing")                                                    \
    X(ERR_EXISTS, "it is there already")                                                 \
    X(ERR_IN_USE, "another process is using it")                                         \
    X(ERR_FOREIGN, "the file is not one of ours")                                        \
    X(ERR_VERSION, "the file was written by another version")                            \
    X(ERR_CORRUPT, "the file is damaged")                                                \
    X(ERR_DENIED, "permission denied")                                                   \
    X(ERR_TIMEOUT, "it took longer than its deadline")                                   \
    X(ERR_RANGE, "the value is out of range")                                            \
    X(ERR_CANCELED, "we are stopping")                                                   \
    X(ERR_MOVED, "its file was moved or removed; put it back, or restart luotd")

#define ERROR_ENUM(name, sentence) name,
enum error { ERR_NONE, ERRORS(ERROR_ENUM) ERROR_COUNT };
#undef ERROR_ENUM

/* The sentence of a code; "no error" for 0. Static memory, any thread. */
const char *error_text(int code);

/* The nearest code for an errno value: ENOSPC is ERR_NOSPACE, EACCES is ERR_DENIED,
 * ... */
int error_from_errno(int errno_value);

#endif
