#include "parse/page_rule.h"

/* Lower case, between spaces; the longest has 11 letters. */
static const char DOWNLOADS[] =
    " pdf ps zip gz tgz bz2 xz 7z rar tar exe msi dmg iso deb "
    "rpm jar apk bin ";
static const char OTHERS[] = " css js mjs map png jpg jpeg jpe gif svg svgz ico cur webp "
                             "avif bmp tif tiff woff woff2 ttf otf eot mp3 mp4 m4a m4v "
                             "webm ogg ogv oga wav avi mov mpg mpeg flv swf txt xml json "
                             "rss rdf atom wasm webmanifest xbm md5 sha1 asc ";

enum { WORD_MAX = 16 };

/* What follows the last '.' of the last segment, in lower case and between spaces; false:
 * there is none, or it is longer than any of ours. */
static bool extension_of(struct slice path, char ret_word[WORD_MAX])
{
    size_t length = 0;
    while (length < path.length && path.at[path.length - 1 - length] != '.') {
        char c = path.at[path.length - 1 - length];
        if (c == '/' || ++length > WORD_MAX - 3)
            return false;
    }
    if (length == 0 || length == path.length)
        return false;
    ret_word[0] = ' ';
    for (size_t i = 0; i < length; i++) {
        char c = path.at[path.length - length + i];
        bool digit = c >= '0' && c <= '9';
        c = digit ? c : (char)(c | 0x20);
        if (!digit && (c < 'a' || c > 'z'))
            return false;
        ret_word[1 + i] = c;
    }
    ret_word[1 + length] = ' ';
    ret_word[2 + length] = '\0';
    return true;
}

static bool is_download(struct slice path)
{
    char word[WORD_MAX];
    return extension_of(path, word) && strstr(DOWNLOADS, word) != NULL;
}

bool page_rule_is_asset(struct slice path)
{
    char word[WORD_MAX];
    return extension_of(path, word) &&
           (strstr(OTHERS, word) != NULL || strstr(DOWNLOADS, word) != NULL);
}

bool page_rule_is_page(const char *not_pages, struct slice path)
{
    struct slice rest = slice_of(not_pages);
    while (rest.length > 0) {
        struct slice beginning = slice_trim(slice_cut(&rest, ','));
        if (beginning.length > 0 && slice_starts(path, beginning))
            return false;
    }
    return true;
}

bool page_rule_is_view(enum page_rule rule, const struct log_line *line)
{
    bool get = slice_equal(line->method, SLICE("GET"));
    bool shown =
        rule == PAGE_RULE_PV1
            ? line->status == 200 && (get || slice_equal(line->method, SLICE("POST")))
            : get &&
                  ((line->status >= 200 && line->status <= 299) || line->status == 304);
    return shown && !page_rule_is_asset(line->path);
}

enum page_kind page_rule_kind(enum page_rule rule, const struct log_line *line)
{
    if (page_rule_is_view(rule, line))
        return PAGE_VIEW;
    if (rule == PAGE_RULE_PV1 || !slice_equal(line->method, SLICE("GET")))
        return PAGE_NONE;
    if (line->status == 404 && !page_rule_is_asset(line->path))
        return PAGE_NOT_FOUND;
    return line->status == 200 && is_download(line->path) ? PAGE_DOWNLOAD : PAGE_NONE;
}
