#include "parse/accept_encoding.h"

#include <criterion/criterion.h>

static const struct {
    const char *header;
    bool gzip;
} ROWS[] = {
    /* RFC 9110, 12.5.3 */
    {"compress, gzip", true},
    {"", false},
    {"*", true},
    {"compress;q=0.5, gzip;q=1.0", true},
    {"gzip;q=1.0, identity; q=0.5, *;q=0", true},
    /* what browsers and tools send */
    {"gzip, deflate, br, zstd", true},
    {"gzip,deflate", true},
    {"identity", false},
    {"br", false},
    /* names */
    {"GZip", true},
    {"x-gzip", true},
    {"gzipped, xgzip, gzi, \"gzip\"", false},
    {" \t gzip \t ", true},
    {",,gzip,,", true},
    /* weights */
    {"gzip;q=0", false},
    {"gzip;q=0.", false},
    {"gzip;q=0.000", false},
    {"gzip;q=0.001", true},
    {"gzip ; q=1.000", true},
    {"gzip;Q=0.1", true},
    {"gzip;q=1.001", false},
    {"gzip;q=0.0001", false},
    {"gzip;q=2", false},
    {"gzip;q=-1", false},
    {"gzip;q=.5", false},
    {"gzip;q=0,5", false},
    {"gzip;q=", false},
    {"gzip;q", false},
    {"gzip;", false},
    {"gzip;q=1;x=y", false},
    {"gzip;level=9", false},
    /* what stands for the rest, and the first that is said */
    {"*;q=0", false},
    {"br, *;q=0.1", true},
    {"gzip;q=0, *", false},
    {"*, gzip;q=0", false},
    {"gzip;q=0, gzip", false},
    {"gzip;q=9, gzip", true},
    /* plain bytes may be dearer to them */
    {"identity, gzip;q=0.5", false},
    {"identity;q=0.5, gzip;q=0.5", true},
    {"identity;q=0, gzip;q=0.001", true},
};

static const struct {
    const char *header;
    bool brotli;
} BROTLI_ROWS[] = {
    /* what browsers send over https, and without it */
    {"gzip, deflate, br, zstd", true},
    {"gzip, deflate", false},
    {"br", true},
    {"BR", true},
    {"", false},
    /* by its name only */
    {"*", false},
    {"brotli, b, brr", false},
    /* weights: not at all, and not less than the others */
    {"br;q=0", false},
    {"br;q=0, br", false},
    {"br;q=0.9, gzip", false},
    {"br, gzip;q=0.5", true},
    {"br;q=0.5, gzip;q=0.5", true},
    {"br;q=0.5, *", false},
    {"br;q=0.5, identity", false},
    {"br;q=9, gzip", false},
};

Test(accept_encoding,
     says_whether_brotli_is_welcome_and_not_less_than_gzip_or_plain_bytes)
{
    for (size_t i = 0; i < sizeof BROTLI_ROWS / sizeof BROTLI_ROWS[0]; i++)
        cr_expect_eq(accepts_brotli(slice_of(BROTLI_ROWS[i].header)),
                     BROTLI_ROWS[i].brotli, "%s", BROTLI_ROWS[i].header);
    cr_expect_not(accepts_brotli((struct slice){NULL, 0}));
}

Test(accept_encoding, says_whether_gzip_is_welcome_and_not_less_than_plain_bytes)
{
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++)
        cr_expect_eq(accepts_gzip(slice_of(ROWS[i].header)), ROWS[i].gzip, "%s",
                     ROWS[i].header);
    cr_expect_not(accepts_gzip((struct slice){NULL, 0}));
}
