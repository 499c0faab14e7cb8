#include "report/badge.h"

#include "base/utf8.h"

enum { HEIGHT = 20, PAD = 60 }; /* PAD: tenths of a px, on each side */

/* --- How wide --- */

static uint32_t code_point(struct slice s, size_t length)
{
    static const unsigned char mask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = (unsigned char)s.at[0] & mask[length];

    for (size_t i = 1; i < length; i++)
        code = code << 6 | ((unsigned char)s.at[i] & 0x3F);
    return code;
}

/* Vowel signs and subscripts of Khmer stand above, below or beside their consonant. */
static unsigned khmer_width(uint32_t code)
{
    if (code <= 0x17B3) /* consonants and vowels that stand alone */
        return 85;
    return code == 0x17B6 || code == 0x17BE || code == 0x17BF || code == 0x17C0 ||
                   (code >= 0x17C4 && code <= 0x17C5)
               ? 45
               : 0;
}

static unsigned ascii_width(char c)
{
    if (c >= '0' && c <= '9')
        return 70;
    if (strchr(" .,:;'|!ijl", c) != NULL)
        return 37;
    if (strchr("frt-()/", c) != NULL)
        return 46;
    if (strchr("mwMW", c) != NULL)
        return 100;
    return c >= 'A' && c <= 'Z' ? 77 : 67;
}

unsigned badge_text_width(struct slice text)
{
    unsigned width = 0;

    while (text.length > 0) {
        bool valid;
        size_t length = utf8_take(text, &valid);
        uint32_t code = valid ? code_point(text, length) : 0xFFFD;

        width += code < 0x80                        ? ascii_width((char)code)
                 : code >= 0x1780 && code <= 0x17FF ? khmer_width(code)
                 : code >= 0x300 && code <= 0x36F   ? 0
                                                    : 70;
        text = (struct slice){text.at + length, text.length - length};
    }
    return width;
}

/* --- Written --- */

static void px(struct buffer *out, unsigned tenths)
{
    buffer_number(out, tenths / 10);
    if (tenths % 10 != 0) {
        buffer_byte(out, '.');
        buffer_number(out, tenths % 10);
    }
}

static void attribute(struct buffer *out, const char *name, unsigned tenths)
{
    buffer_byte(out, ' ');
    buffer_text(out, name);
    buffer_text(out, "=\"");
    px(out, tenths);
    buffer_byte(out, '"');
}

static void field(struct buffer *out, unsigned x, unsigned width, const char *colour)
{
    buffer_text(out, "<path fill=\"");
    buffer_text(out, colour);
    buffer_text(out, "\" d=\"M");
    px(out, x);
    buffer_text(out, " 0h");
    px(out, width);
    buffer_text(out, "v20h-");
    px(out, width);
    buffer_text(out, "z\"/>");
}

static void words(struct buffer *out, unsigned x, unsigned width, struct slice text)
{
    buffer_text(out, "<text");
    attribute(out, "x", x);
    buffer_text(out, " y=\"14\"");
    attribute(out, "textLength", width);
    buffer_text(out, " lengthAdjust=\"spacingAndGlyphs\">");
    buffer_html(out, text);
    buffer_text(out, "</text>");
}

/* The total is of what is counted; the other rows say a period, and are of it. */
static void left_of(struct buffer *out, const struct widget *w, enum box_row row,
                    enum language language)
{
    buffer_text(out,
                row == BOX_TOTAL ? box_noun(w, language) : box_label(w, row, language));
}

void badge_svg(struct buffer *out, const struct widget *w, enum box_row row,
               const struct box_wish *wish)
{
    char label_memory[BOX_TEXT_MAX], number_memory[32], tip_memory[BOX_TEXT_MAX];
    struct buffer label, number, tip;
    unsigned left, right;

    buffer_init(&label, label_memory, sizeof label_memory);
    buffer_init(&number, number_memory, sizeof number_memory);
    buffer_init(&tip, tip_memory, sizeof tip_memory);
    left_of(&label, w, row, wish->language);
    box_number(&number, w, row, wish);
    box_tip(&tip, w, row, wish->language, true);
    left = badge_text_width(buffer_written(&label)) + 2 * PAD;
    right = badge_text_width(buffer_written(&number)) + 2 * PAD;
    buffer_text(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"");
    attribute(out, "width", left + right);
    attribute(out, "height", 10 * HEIGHT);
    buffer_text(out, " aria-label=\"");
    buffer_html(out, buffer_written(&label));
    buffer_text(out, ": ");
    buffer_html(out, buffer_written(&number));
    buffer_text(out, "\"><title>");
    buffer_html(out, buffer_written(&tip));
    buffer_text(out, "</title><clipPath id=\"r\"><rect");
    attribute(out, "width", left + right);
    buffer_text(out, " height=\"20\" rx=\"4\"/></clipPath><g clip-path=\"url(#r)\">");
    field(out, 0, left, "#3a4552");
    field(out, left, right, "#0b6b4b");
    buffer_text(out, "</g><g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,Noto Sans,"
                     "Noto Sans Khmer,sans-serif\" font-size=\"11\">");
    words(out, PAD, left - 2 * PAD, buffer_written(&label));
    words(out, left + PAD, right - 2 * PAD, buffer_written(&number));
    buffer_text(out, "</g></svg>\n");
}
