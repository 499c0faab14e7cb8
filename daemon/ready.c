/* What luotd says when it serves. */
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon_inner.h"

/* Who starts it without a configuration is told what to do next. */
static void say_hints(const struct net_listener *l, const char *socket)
{
    struct slice host = {l->text, (size_t)(strrchr(l->text, ':') - l->text)};

    if (host.at[0] == '[') /* bash takes ::1, not [::1] */
        host = (struct slice){host.at + 1, host.length - 2};
    printf("\n"
           "  look     http://%s/\n"
           "  send     curl -sA Firefox 'http://%s/p.gif?s=demo&p=/hello' -o /dev/null\n",
           l->text, l->text);
    if (l->udp)
        printf("           bash -c \"echo 's=demo&p=/hello' >/dev/udp/%.*s/%u\"\n",
               (int)host.length, host.at, l->port);
    printf("  read     curl -s http://%s/v1/demo/widget.json\n"
           "           build/luotctl --socket %s site demo\n"
           "\n",
           l->text, socket);
}

/* All of them: a port that the system chose is known from here only. */
static void say_listeners(const struct net_listener *l, size_t count)
{
    if (count == 0)
        fputs("none", stdout);
    for (size_t i = 0; i < count; i++)
        printf("%s%s", i > 0 ? "," : "", l[i].text);
}

void daemon_say_ready(struct daemon *d)
{
    size_t count;
    const struct net_listener *l = net_listeners(d->net, &count);
    struct instant now = clock_now(&d->clock);

    log_info("event=ready adoptions=%llu start_ms=%lld udp_buffer=%llu workers=%u",
             (unsigned long long)d->arena_report.adoptions,
             (long long)(now.ms - d->started.ms), (unsigned long long)l[0].udp_buffer,
             d->workers);
    fputs("ready http=", stdout);
    say_listeners(l, count);
    fputs(" udp=", stdout);
    say_listeners(l, l[0].udp ? count : 0);
    printf(" socket=%s pid=%ld\n", d->places.socket, (long)getpid());
    if (d->options->config_file == NULL)
        say_hints(&l[0], d->places.socket);
    fflush(stdout);
    notify_send(&d->notify, "READY=1");
}
