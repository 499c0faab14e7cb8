#include "base/error.h"

#include <errno.h>
#include <stddef.h>

#define ERROR_SENTENCE(name, sentence) [name] = sentence,
static const char *const sentences[ERROR_COUNT] = {[ERR_NONE] = "no error",
                                                   ERRORS(ERROR_SENTENCE)};
#undef ERROR_SENTENCE

const char *error_text(int code)
{
    if (code < 0 || code >= ERROR_COUNT)
        return "an unknown error";
    return sentences[code];
}

static const struct {
    int from; /* errno value */
    int to;   /* our code    */
} errnos[] = {
    {ENOSPC, ERR_NOSPACE},    {EDQUOT, ERR_NOSPACE},    {EACCES, ERR_DENIED},
    {EPERM, ERR_DENIED},      {EROFS, ERR_DENIED},      {ENOENT, ERR_NOT_FOUND},
    {ENOTDIR, ERR_NOT_FOUND}, {EEXIST, ERR_EXISTS},     {EADDRINUSE, ERR_IN_USE},
    {EBUSY, ERR_IN_USE},      {EAGAIN, ERR_IN_USE},     {ENOMEM, ERR_NOMEM},
    {EMFILE, ERR_FULL},       {ENFILE, ERR_FULL},       {ENOBUFS, ERR_FULL},
    {ETIMEDOUT, ERR_TIMEOUT}, {ERANGE, ERR_RANGE},      {EOVERFLOW, ERR_RANGE},
    {EDOM, ERR_RANGE},        {EFBIG, ERR_TOO_LONG},    {ENAMETOOLONG, ERR_TOO_LONG},
    {E2BIG, ERR_TOO_LONG},    {EMSGSIZE, ERR_TOO_LONG}, {ECANCELED, ERR_CANCELED},
    {EILSEQ, ERR_MALFORMED},  {EBADMSG, ERR_CORRUPT},
};

int error_from_errno(int errno_value)
{
    if (errno_value == 0)
        return ERR_NONE;
    for (size_t i = 0; i < sizeof errnos / sizeof errnos[0]; i++)
        if (errnos[i].from == errno_value)
            return errnos[i].to;
    return ERR_IO;
}
