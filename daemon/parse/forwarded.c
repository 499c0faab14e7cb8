#include "parse/forwarded.h"

/* With a port, or brackets and one: "1.2.3.4:80", "[::1]:80" */
static int parse_with_port(struct address *ret, struct slice text)
{
    size_t colon = slice_find(text, ':');
    if (text.length > 0 && text.at[0] == '[') {
        size_t close = slice_find(text, ']');
        if (close + 1 < text.length && text.at[close + 1] == ':')
            text.length = close + 1;
    } else if (slice_find(text, '.') < colon) {
        text.length = colon; /* IPv4 with a port */
    }
    return address_parse(ret, text);
}

/* "1.2.3.4", "::1", "[::1]", which nearly all are; or more. */
static int parse_node(struct address *ret, struct slice text)
{
    text = slice_trim(text);
    return address_parse(ret, text) == 0 ? 0 : parse_with_port(ret, text);
}

/* Takes what is behind the last comma of *list, or all of it. */
static struct slice take_last(struct slice *list)
{
    size_t at = list->length;
    if (slice_find(*list, ',') == list->length)
        at = 0;
    while (at > 0 && list->at[at - 1] != ',')
        at--;
    struct slice last = {list->at + at, list->length - at};
    list->length = at > 0 ? at - 1 : 0;
    return last;
}

enum { ONE_ADDRESS = 15 /* bytes; of an address in four parts there are no more */ };

bool forwarded_client(struct address *ret, struct slice header,
                      const struct networks *trusted)
{
    bool found = false;

    /* Mostly there is one: a comma is in no address, and need not be looked for. */
    if (header.length <= ONE_ADDRESS && address_parse(ret, header) == 0)
        return true;
    while (!slice_is_empty(header)) {
        struct address node;
        if (parse_node(&node, take_last(&header)) != 0)
            break;
        *ret = node;
        found = true;
        if (!networks_contain(trusted, &node))
            break;
    }
    return found;
}
