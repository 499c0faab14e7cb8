#include "parse/page_rule.h"

bool page_rule_is_asset(struct slice path)
{
    static const char EXTENSIONS[] = " css js mjs map png jpg jpeg jpe gif svg svgz ico "
                                     "cur webp avif bmp tif tiff woff woff2 ttf "
                                     "otf eot mp3 mp4 m4a m4v webm ogg ogv oga wav avi "
                                     "mov mpg mpeg flv swf pdf ps zip gz tgz bz2 "
                                     "xz 7z rar tar exe msi dmg iso deb rpm jar apk bin "
                                     "txt xml json rss rdf atom wasm webmanifest "
                                     "xbm md5 sha1 asc ";
    char word[16] = " ";
    size_t length = 0;
    while (length < path.length && path.at[path.length - 1 - length] != '.') {
        char c = path.at[path.length - 1 - length];
        if (c == '/' || ++length > sizeof word - 3)
            return false;
    }
    if (length == 0 || length == path.length)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = path.at[path.length - length + i];
        bool digit = c >= '0' && c <= '9';
        c = digit ? c : (char)(c | 0x20);
        if (!digit && (c < 'a' || c > 'z'))
            return false;
        word[1 + i] = c;
    }
    word[1 + length] = ' ';
    word[2 + length] = '\0';
    return strstr(EXTENSIONS, word) != NULL;
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
