#include "report/json.h"

#include <criterion/criterion.h>

#include "base/error.h"
#include "lib/read_json.h"

Test(json, puts_commas_between_elements_and_nowhere_else)
{
    char memory[512];
    struct buffer b;
    struct json_out j;

    buffer_init(&b, memory, sizeof memory);
    json_out_init(&j, &b);
    json_out_object(&j, NULL);
    json_out_array(&j, "empty");
    json_out_array_end(&j);
    json_out_object(&j, "nothing");
    json_out_object_end(&j);
    json_out_array(&j, "list");
    json_out_number(&j, NULL, 1);
    json_out_array(&j, NULL);
    json_out_signed(&j, NULL, -2);
    json_out_array_end(&j);
    json_out_null(&j, NULL);
    json_out_array_end(&j);
    json_out_bool(&j, "yes", true);
    json_out_decimal(&j, "real", 0.5, 2);
    json_out_hex(&j, "hex", "\x01\xfe", 2);
    json_out_text(&j, "text", "x");
    json_out_object_end(&j);
    cr_expect(slice_equal(buffer_written(&b),
                          SLICE("{\"empty\":[],\"nothing\":{},\"list\":[1,[-2],null],"
                                "\"yes\":true,\"real\":0.50,\"hex\":\"01fe\","
                                "\"text\":\"x\"}")),
              "%.*s", (int)b.length, b.at);
}

Test(json, is_json_whatever_the_text_holds)
{
    char memory[8192], odd[256];
    struct buffer b;
    struct json_out j;
    json_t *root;

    for (int i = 0; i < 256; i++)
        odd[i] = (char)i;
    buffer_init(&b, memory, sizeof memory);
    json_out_init(&j, &b);
    json_out_object(&j, NULL);
    json_out_slice(&j, "all", (struct slice){odd, sizeof odd});
    json_out_text(&j, "script", "</script><script>alert(\"1\")</script>");
    json_out_object_end(&j);
    root = read_json(buffer_written(&b));
    cr_expect_str_eq(text_at(root, "script"), "</script><script>alert(\"1\")</script>");
    cr_expect_null(memchr(memory, '<', b.length));
    json_decref(root);
}

Test(json, remembers_that_it_did_not_fit)
{
    char memory[8];
    struct buffer b;
    struct json_out j;

    buffer_init(&b, memory, sizeof memory);
    json_out_init(&j, &b);
    json_out_object(&j, NULL);
    json_out_text(&j, "longer", "than eight bytes");
    json_out_object_end(&j);
    cr_expect_eq(buffer_error(&b), ERR_FULL);
}
