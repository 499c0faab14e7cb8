#include "parse/readable.h"

#include <criterion/criterion.h>

static char memory[64];

static void expect_decoded(const char *text, const char *kept, const char *result)
{
    bool whole;
    struct slice got =
        readable_decode(slice_of(text), kept, memory, sizeof memory, &whole);

    cr_expect(whole && slice_equal(got, slice_of(result)), "%s: %.*s", text,
              (int)got.length, got.at);
}

Test(readable, decodes_escapes_but_for_what_is_kept)
{
    expect_decoded("a%62c", "", "abc");
    expect_decoded("%2f/%2F", "/", "%2F/%2F");
    expect_decoded("%25%", "", "%25%25");
    expect_decoded("%0a\n%7F", "", "%0A%0A%7F");
    expect_decoded("%c4%91", "", "đ");
    expect_decoded("%2", "", "%252");
    expect_decoded("", "", "");
}

Test(readable, says_when_there_is_no_room)
{
    bool whole;
    struct slice got = readable_decode(SLICE("abc%00"), "", memory, 5, &whole);

    cr_expect(!whole && slice_equal(got, SLICE("abc")));
    got = readable_decode(SLICE("abc%00"), "", memory, 6, &whole);
    cr_expect(whole && slice_equal(got, SLICE("abc%00")));
}

static void expect_appended(const char *text, size_t room, const char *result)
{
    size_t length = readable_append(memory, 0, room, slice_of(text));

    cr_expect(slice_equal((struct slice){memory, length}, slice_of(result)), "%s: %.*s",
              text, (int)length, memory);
}

Test(readable, appends_what_cannot_be_shown_as_escapes)
{
    expect_appended("a đ\xff\xc4", 64, "a đ%FF%C4");
    expect_appended("\n\x7f", 64, "%0A%7F");
    expect_appended("\xe2\x80\xae", 64, "%E2%80%AE");
    expect_appended("\xd8\x9c", 64, "%D8%9C");
    expect_appended("\xef\xbb\xbf", 64, "%EF%BB%BF");
    expect_appended("\xe2\x80\x8b", 64, "\xe2\x80\x8b");
}

Test(readable, stops_before_what_does_not_fit)
{
    expect_appended("abđ", 3, "ab");
    expect_appended("abđ", 4, "abđ");
    expect_appended("ab\xff", 4, "ab");
    expect_appended("ab\xff", 5, "ab%FF");
}

Test(readable, cuts_after_a_whole_character_or_escape)
{
    struct slice got;

    strcpy(memory, "abcdefgh");
    got = readable_cut(memory, 8, 8);
    cr_expect(slice_equal(got, SLICE("abcdefgh")));
    got = readable_cut(memory, 8, 7);
    cr_expect(slice_equal(got, SLICE("abcd…")));
    strcpy(memory, "aaađđđđ");
    got = readable_cut(memory, strlen(memory), 8);
    cr_expect(slice_equal(got, SLICE("aaađ…")), "%.*s", (int)got.length, got.at);
    strcpy(memory, "aaa%00%00%00");
    got = readable_cut(memory, strlen(memory), 8);
    cr_expect(slice_equal(got, SLICE("aaa…")), "%.*s", (int)got.length, got.at);
}

Test(readable, knows_what_is_readable_already)
{
    cr_expect(readable_is(SLICE("")));
    cr_expect(readable_is(SLICE("tin tức %00")));
    cr_expect(!readable_is(SLICE("a\nb")));
    cr_expect(!readable_is(SLICE("a\xff")));
    cr_expect(!readable_is(SLICE("a\xe2\x81\xa6")));
}
