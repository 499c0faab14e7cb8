/* Where numbers are kept, as one writes it. */
#include "base/store_where.h"

#include <criterion/criterion.h>

#include "base/error.h"

static void expect_shown(const char *list, const char *shown)
{
    char text[512];
    struct buffer b;

    buffer_init(&b, text, sizeof text);
    store_where_write(&b, slice_of(list));
    cr_expect(slice_equal(buffer_written(&b), slice_of(shown)), "%.*s, not %s",
              (int)b.length, b.at, shown);
}

Test(store_where, reads_all_of_a_redis_url)
{
    struct redis_where w;

    cr_assert_eq(
        redis_where_parse(&w, SLICE("redis://me:p%40%2C%25ss@redis.example:7000/3")), 0);
    cr_expect_str_eq(w.user, "me");
    cr_expect_str_eq(w.pass, "p@,%ss");
    cr_expect_str_eq(w.host, "redis.example");
    cr_expect_eq(w.port, 7000);
    cr_expect_eq(w.db, 3);
}

Test(store_where, has_defaults_for_what_is_left_out)
{
    struct redis_where w;

    cr_assert_eq(redis_where_parse(&w, SLICE("redis://[::1]")), 0);
    cr_expect_str_eq(w.host, "::1");
    cr_expect_eq(w.port, REDIS_PORT);
    cr_expect_eq(w.db, 0);
    cr_expect_str_empty(w.user);
    cr_expect_str_empty(w.pass);
    cr_assert_eq(redis_where_parse(&w, SLICE("redis://:secret@127.0.0.1/")), 0);
    cr_expect_str_empty(w.user);
    cr_expect_str_eq(w.pass, "secret");
}

Test(store_where, reads_a_socket_with_a_login_and_a_database)
{
    struct redis_where w;

    cr_assert_eq(redis_where_parse(&w, SLICE("redis+unix:///run/redis/redis.sock")), 0);
    cr_expect_str_eq(w.path, "/run/redis/redis.sock");
    cr_expect_str_empty(w.host);
    cr_assert_eq(redis_where_parse(&w, SLICE("redis+unix://u:p@/r.sock?db=9")), 0);
    cr_expect_str_eq(w.path, "/r.sock");
    cr_expect_str_eq(w.pass, "p");
    cr_expect_eq(w.db, 9);
}

Test(store_where, reads_the_sentinels_of_a_master)
{
    struct redis_where w;

    cr_assert_eq(redis_where_parse(&w, SLICE("redis+sentinel://s1/main")), 0);
    cr_expect_eq(w.sentinels, 1);
    cr_expect_str_eq(w.sentinel[0].name, "s1");
    cr_expect_eq(w.sentinel[0].port, SENTINEL_PORT);
    cr_expect_str_eq(w.master, "main");
    cr_expect_eq(w.db, 0);
    cr_expect_str_empty(w.host);
    cr_assert_eq(redis_where_parse(
                     &w, SLICE("redis+sentinel://me:a%2Fb@10.0.0.1:7000,[::1]:7001,[::2],"
                               "redis.example/my-main_1.x/3?sentinel=watch:c%3Fd%40e")),
                 0);
    cr_expect_eq(w.sentinels, 4);
    cr_expect_str_eq(w.sentinel[0].name, "10.0.0.1");
    cr_expect_eq(w.sentinel[0].port, 7000);
    cr_expect_str_eq(w.sentinel[1].name, "::1");
    cr_expect_eq(w.sentinel[1].port, 7001);
    cr_expect_str_eq(w.sentinel[2].name, "::2");
    cr_expect_eq(w.sentinel[2].port, SENTINEL_PORT);
    cr_expect_str_eq(w.sentinel[3].name, "redis.example");
    cr_expect_str_eq(w.master, "my-main_1.x");
    cr_expect_eq(w.db, 3);
    cr_expect_str_eq(w.user, "me");
    cr_expect_str_eq(w.pass, "a/b");
    cr_expect_str_eq(w.sentinel_user, "watch");
    cr_expect_str_eq(w.sentinel_pass, "c?d@e");
}

Test(store_where, refuses_what_is_no_store)
{
    static const char *const wrong[] = {
        "",
        "mysql",
        "sqlite:",
        "redis",
        "redis:",
        "redis://",
        "redis://:6379",
        "redis://h:0",
        "redis://h:65536",
        "redis://h:x",
        "redis://h/x",
        "redis://h/10000",
        "redis://a b",
        "redis://[::1",
        "redis://[::1]x",
        "redis://user@h",
        "redis://u:%zz@h",
        "redis://u:%4@h",
        "redis://u:%00@h",
        "redis+unix://",
        "redis+unix://relative",
        "redis+unix:///a?x=1",
        "redis+unix:///a?db=",
        "redis+sentinel://",
        "redis+sentinel://h",
        "redis+sentinel://h/",
        "redis+sentinel:///main",
        "redis+sentinel://h,/main",
        "redis+sentinel://,h/main",
        "redis+sentinel://a, b/main",
        "redis+sentinel://h:0/main",
        "redis+sentinel://[::1/main",
        "redis+sentinel://h/ma in",
        "redis+sentinel://h/main/x",
        "redis+sentinel://h/main?db=1",
        "redis+sentinel://h/main?sentinel=pass",
        "redis+sentinel://h/main?sentinel=u:p@ss",
        "redis+sentinel://me@h/main",
        "redis+sentinel://1,2,3,4,5,6,7,8,9/main",
        "redis+sentinel://h, sqlite",
        "sqlite,",
        ",sqlite",
        "sqlite, sqlite",
        "sqlite, none",
        "none, sqlite",
        "sqlite, redis://a, redis://b, redis://c, redis://d"};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect_not(store_where_is_valid(slice_of(wrong[i])), "%s", wrong[i]);
}

Test(store_where, takes_a_list_of_four)
{
    static const char *const right[] = {
        "none",
        "sqlite",
        "sqlite:/a,b.db",
        "sqlite, redis://h",
        "sqlite:/a.db,redis://h/0 , redis://h/1,redis+unix:///r.sock",
        "redis+sentinel://redis-1,redis-2:7000,sqlite,none/main, sqlite",
        "sqlite, redis+sentinel://u:p@h/main?sentinel=:p, redis://h"};

    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        cr_expect(store_where_is_valid(slice_of(right[i])), "%s", right[i]);
}

Test(store_where, cuts_a_list_where_a_store_begins)
{
    struct slice list = SLICE("sqlite:/a,b.db, redis://h ,sqlite");

    cr_expect(slice_equal(store_where_next(&list), SLICE("sqlite:/a,b.db")));
    cr_expect(slice_equal(store_where_next(&list), SLICE("redis://h")));
    cr_expect(slice_equal(store_where_next(&list), SLICE("sqlite")));
    cr_expect_null(list.at);
}

/* They may be called as a store begins. */
Test(store_where, leaves_the_hosts_of_sentinels_together)
{
    struct slice list =
        SLICE("sqlite,redis+sentinel://redis1,redis2,sqlite/main/0 , none");

    cr_expect(slice_equal(store_where_next(&list), SLICE("sqlite")));
    cr_expect(slice_equal(store_where_next(&list),
                          SLICE("redis+sentinel://redis1,redis2,sqlite/main/0")));
    cr_expect(slice_equal(store_where_next(&list), SLICE("none")));
    cr_expect_null(list.at);
}

Test(store_where, shows_no_password)
{
    expect_shown("sqlite", "sqlite");
    expect_shown("redis://h:6379/0", "redis://h:6379/0");
    expect_shown("redis://me:secret@h:6379/0", "redis://me:***@h:6379/0");
    expect_shown("redis://:secret@h", "redis://:***@h");
    expect_shown("sqlite,redis+unix://a:b@/r.sock", "sqlite, redis+unix://a:***@/r.sock");
    /* Nobody knows what of this is a password. */
    expect_shown("redis://me:sec/ret@h:x", "redis://***");
    expect_shown("redis://me:se,redis://x:cret@h", "redis://***, redis://x:***@h");
    expect_shown("redis://secret@h", "redis://***");
    expect_shown("redis+sentinel://a,b:1/main/2", "redis+sentinel://a,b:1/main/2");
    expect_shown("redis+sentinel://me:secret@a,b/main?sentinel=you:hidden, sqlite",
                 "redis+sentinel://me:***@a,b/main?sentinel=you:***, sqlite");
    expect_shown("redis+sentinel://a,b/main?sentinel=:hidden",
                 "redis+sentinel://a,b/main?sentinel=:***");
    expect_shown("redis+sentinel://a,b/main?sentinel=hidden", "redis+sentinel://***");
    expect_shown("redis+sentinel://a/main?sentinel=u:hid@den/x", "redis+sentinel://***");
    expect_shown("redis+sentinel://u:sec?ret@a/main", "redis+sentinel://***");
}
