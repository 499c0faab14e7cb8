#include "parse/page.h"

#include "base/bytes16.h"
#include "parse/query.h"
#include "parse/readable.h"
#include "parse/url.h"

/* --- Its parts --- */

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

static struct slice skip(struct slice s, size_t n)
{
    return (struct slice){s.at + n, s.length - n};
}

/* What stands before the first '#', cut at the first '?'. */
static void split_path(struct page_parts *ret_page, struct slice text)
{
    text.length = slice_find(text, '#');
    ret_page->path = slice_cut(&text, '?');
    ret_page->query = text;
}

void page_split(struct page_parts *ret_page, struct slice text)
{
    struct page_parts page = {0};
    struct url url;

    text = slice_trim(text);
    if (text.length > 0 && is_slash(text.at[0])) {
        split_path(&page, text);
    } else if (text.length > 0) {
        url_parse(&url, text);
        if (url.scheme.length == 0 || url.host.length > 0)
            page = (struct page_parts){url.host, url.path, url.query};
    }
    if (page.path.length == 0 && (page.host.length > 0 || page.query.length > 0))
        page.path = SLICE("/");
    *ret_page = page;
}

void page_of_referer(struct page_parts *ret_page, struct slice referer)
{
    struct page_parts page;

    page_split(&page, referer);
    if (page.host.length == 0 || (page.path.length <= 1 && page.query.length == 0))
        page = (struct page_parts){0};
    *ret_page = page;
}

/* --- Index pages --- */

static bool is_index_ending(struct slice ending)
{
    static const char *const ENDINGS[] = {"html", "htm", "php", "aspx",  "asp",
                                          "jsp",  "cgi", "cfm", "xhtml", "shtml"};

    for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++)
        if (slice_equal_nocase(ending, slice_of(ENDINGS[i])))
            return true;
    return false;
}

static bool is_index(struct slice segment)
{
    char first = segment.length > 0 ? (char)(segment.at[0] | 0x20) : ' ';
    struct slice name;

    if (first != 'i' && first != 'd')
        return false;
    name = slice_cut(&segment, '.');
    return segment.at != NULL &&
           (slice_equal_nocase(name, SLICE("index")) ||
            slice_equal_nocase(name, SLICE("default"))) &&
           is_index_ending(segment);
}

/* Where the last segment begins, behind its slash. */
static size_t last_segment(struct slice path)
{
    size_t at = path.length;

    while (at > 0 && path.at[at - 1] != '/')
        at--;
    return at;
}

/* --- Names that need no work, which is nearly all of them --- */

/* What a byte in a path asks for: P, nothing; S, a look at the next one; 0, work. The row
 * of space, of 0, @, P, ` and p; bytes of letters with marks ask for work. */
enum { P = 1, S };
/* clang-format off */
static const uint8_t BYTE[256] = {
    [0x20] =
    0, P, P, P, P, 0, P, P, P, P, P, P, P, P, P, S,
    P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
    P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
    P, P, P, P, P, P, P, P, P, P, P, P, 0, P, P, P,
    P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
    P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, 0,
};
/* clang-format on */

enum { BLOCK = 16 };

/* A block of a path; false: it asks for work. *segment is where the last one begins. */
static inline bool is_plain_block(struct slice path, size_t at, size_t *segment)
{
    bytes16 b = bytes16_load(path.at + at);
    bytes16 plain =
        bytes16_between(b, '!', '~') & ~bytes16_is(b, '%') & ~bytes16_is(b, '\\');
    unsigned slashes = bytes16_bits(bytes16_is(b, '/'));
    unsigned dots = bytes16_bits(bytes16_is(b, '.'));

    if (slashes != 0)
        *segment = at + highest_bit(slashes) + 1;
    return bytes16_bits(plain) == 0xFFFF && (slashes << 1 & (slashes | dots)) == 0;
}

/* Each block begins with the last byte of the one before it, so that no two bytes that stand
 * together are only ever seen apart; the last one ends where the path does. */
static bool is_plain_long(struct slice path, size_t *segment)
{
    size_t at = 0, last = path.length - BLOCK;

    for (; at < last; at += BLOCK - 1)
        if (!is_plain_block(path, at, segment))
            return false;
    return is_plain_block(path, last, segment);
}

static bool is_plain_short(struct slice path, size_t *segment)
{
    for (size_t i = 0; i < path.length; i++) {
        uint8_t kind = BYTE[(unsigned char)path.at[i]];

        if (kind == P)
            continue;
        if (kind == 0)
            return false;
        *segment = i + 1;
        if (i + 1 < path.length && (path.at[i + 1] == '.' || path.at[i + 1] == '/'))
            return false;
    }
    return true;
}

static bool is_name(struct slice path)
{
    size_t segment = 0; /* where the last one begins */

    if (path.length == 0 || path.length > PAGE_NAME_MAX || path.at[0] != '/')
        return false;
    if (path.length < BLOCK ? !is_plain_short(path, &segment)
                            : !is_plain_long(path, &segment))
        return false;
    if (segment == path.length)
        return segment == 1;
    return !is_index(skip(path, segment));
}

/* --- The others --- */

struct writing {
    char *memory;
    size_t length;
    size_t root; /* where the path begins: behind the host */
};

static void write_byte(struct writing *w, char c)
{
    if (w->length < PAGE_MEMORY)
        w->memory[w->length++] = c;
}

static void write_text(struct writing *w, struct slice text)
{
    w->length = readable_append(w->memory, w->length, PAGE_MEMORY, text);
}

static void write_host(struct writing *w, struct slice host)
{
    write_text(w, (struct slice){host.at, host.length < 253 ? host.length : 253});
    for (size_t i = 0; i < w->length; i++)
        if (w->memory[i] >= 'A' && w->memory[i] <= 'Z')
            w->memory[i] |= 0x20;
    w->root = w->length;
}

static struct slice written_path(const struct writing *w)
{
    return (struct slice){w->memory + w->root, w->length - w->root};
}

static void take_back(struct writing *w)
{
    size_t segment = last_segment(written_path(w));

    w->length = segment > 0 ? w->root + segment - 1 : w->root;
}

static struct slice cut_segment(struct slice *rest)
{
    size_t i = 0;
    struct slice segment;

    while (i < rest->length && !is_slash(rest->at[i]))
        i++;
    segment = (struct slice){rest->at, i};
    *rest = skip(*rest, i < rest->length ? i + 1 : i);
    return segment;
}

static void write_segments(struct writing *w, struct slice path)
{
    char decoded[PAGE_MEMORY];
    bool whole;
    struct slice rest = readable_decode(path, "/\\?#", decoded, sizeof decoded, &whole);

    if (rest.length > 0 && is_slash(rest.at[0]))
        rest = skip(rest, 1);
    while (rest.length > 0) {
        struct slice segment = cut_segment(&rest);

        if (slice_equal(segment, SLICE("."))) {
            continue;
        } else if (slice_equal(segment, SLICE(".."))) {
            take_back(w);
        } else {
            write_byte(w, '/');
            write_text(w, segment);
        }
    }
}

/* Empty segments go last: for a ".." they are segments. */
static void drop_empty_segments(struct writing *w)
{
    size_t to = w->root;

    for (size_t from = w->root; from < w->length; from++)
        if (w->memory[from] != '/' || to == w->root || w->memory[to - 1] != '/')
            w->memory[to++] = w->memory[from];
    w->length = to;
}

/* What no reader sees at the end of a name, and index pages. ".. " is ".." then. */
static void trim_path(struct writing *w)
{
    for (;;) {
        struct slice path = written_path(w);
        struct slice last = skip(path, last_segment(path));

        if (path.length > 0 && (last.length == 0 || path.at[path.length - 1] == ' '))
            w->length--;
        else if (is_index(last) || slice_equal(last, SLICE(".")))
            take_back(w);
        else if (slice_equal(last, SLICE(".."))) {
            take_back(w);
            take_back(w);
        } else
            return;
    }
}

static void write_value(struct writing *w, struct slice value)
{
    char decoded[PAGE_MEMORY];
    bool whole;

    while (value.at != NULL) {
        struct slice piece = slice_cut(&value, '+');

        write_text(w, readable_decode(piece, "&#+", decoded, sizeof decoded, &whole));
        if (value.at != NULL)
            write_byte(w, ' ');
    }
}

static void write_query(struct writing *w, struct slice query, const char *keys)
{
    struct slice rest = slice_of(keys), value;
    char before = '?';

    while (rest.length > 0) {
        struct slice key = slice_trim(slice_cut(&rest, ','));

        if (key.length == 0 || !query_find(query, key, &value))
            continue;
        write_byte(w, before);
        write_text(w, key);
        write_byte(w, '=');
        write_value(w, value);
        before = '&';
    }
    while (w->length > 0 && w->memory[w->length - 1] == ' ')
        w->length--;
}

struct slice page_name(const struct page_parts *page, const char *query_keys,
                       char memory[PAGE_MEMORY])
{
    struct writing w = {.memory = memory};
    bool no_query = page->query.length == 0 || query_keys[0] == '\0';

    if (page->path.length == 0)
        return PAGE_UNKNOWN;
    if (no_query && page->host.length == 0 && is_name(page->path))
        return page->path;
    write_host(&w, page->host);
    write_segments(&w, page->path);
    drop_empty_segments(&w);
    trim_path(&w);
    if (w.length == w.root)
        write_byte(&w, '/');
    if (!no_query)
        write_query(&w, page->query, query_keys);
    return readable_cut(memory, w.length, PAGE_NAME_MAX);
}

struct slice page_as_written(const struct page_parts *page, char memory[PAGE_MEMORY])
{
    size_t length;

    if (page->path.length == 0)
        return PAGE_UNKNOWN;
    length = readable_append(memory, 0, PAGE_MEMORY, page->path);
    return readable_cut(memory, length, PAGE_NAME_MAX);
}
