/* Counts one page view: cc example.c $(pkg-config --cflags --libs luot) -o example
 *
 * example [ADDRESS:PORT [KEY-ID]]; with KEY-ID it signs, with the secret in LUOT_SECRET. */
#include <luot.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct luot_options options = LUOT_OPTIONS_INIT;
    struct luot_hit hit = LUOT_HIT_INIT;
    options.address = argc > 1 ? argv[1] : "127.0.0.1:8080";
    options.site = "portal";
    options.key_id = argc > 2 ? argv[2] : NULL;
    options.secret = argc > 2 ? getenv("LUOT_SECRET") : NULL;
    struct luot *counter = luot_open(&options);
    hit.page = "/tin-tuc?id=7";
    hit.address = "203.0.113.9"; /* the visitor's, and the agent too: from the request */
    hit.user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Firefox/115.0";
    if (counter == NULL || luot_hit(counter, &hit) != 0)
        perror("luot");
    luot_close(counter); /* sends what waits */
    return counter == NULL;
}
