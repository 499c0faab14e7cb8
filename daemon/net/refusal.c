#include "net/refusal.h"

static const struct refusal {
    unsigned status;
    const char *reason, *sentence;
} refusals[] = {
    {400, "Bad Request", "The request could not be read."},
    {413, "Content Too Large", "The body is longer than the limit."},
    {414, "URI Too Long", "The address is longer than the limit."},
    {417, "Expectation Failed", "Only 100-continue can be expected."},
    {431, "Request Header Fields Too Large", "The headers are longer than the limit."},
    {501, "Not Implemented",
     "The transfer coding is not supported; send Content-Length."},
    {505, "HTTP Version Not Supported", "Use HTTP/1.1 or HTTP/1.0."},
    {500, "Internal Server Error", "The answer could not be made."},
};

void refusal_write(struct buffer *out, unsigned status)
{
    size_t last = sizeof refusals / sizeof refusals[0] - 1;
    const struct refusal *r = refusals;
    while (r < refusals + last && r->status != status)
        r++;
    buffer_format(out,
                  "HTTP/1.1 %u %s\r\n"
                  "Connection: close\r\n"
                  "Cache-Control: no-store\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "X-Content-Type-Options: nosniff\r\n"
                  "Content-Length: %zu\r\n\r\n%s\n",
                  r->status, r->reason, strlen(r->sentence) + 1, r->sentence);
}
