/* /privacy and the command of the same name. */
#include "answer/privacy.h"

#include "answer/command.h"
#include "answer/routes.h"
#include "base/error.h"

struct privacy privacy_of(const struct service *service, struct instant now, bool all)
{
    const struct settings *settings = &registry_config(service->registry)->settings;
    const struct atlas *atlas = service_atlas(service);
    struct service_status status;
    struct privacy p = {.now = now,
                        .version = service->version,
                        .contact = settings->privacy_contact,
                        .keys_shared = settings->cluster_secret_file[0] != '\0',
                        .countries = atlas != NULL && atlas->geo != NULL,
                        .networks = atlas != NULL && atlas->named != NULL,
                        .registry = service->registry,
                        .all = all};

    service->status(service->context, &status);
    p.arena_fs = status.arena_fs;
    for (unsigned i = 0; i < service->stores; i++)
        if (slice_starts(slice_of(service->store[i]), SLICE("redis")))
            p.redis = true;
        else
            p.sqlite = true;
    return p;
}

void answer_privacy(struct asked *a)
{
    struct privacy p = privacy_of(a->lane->service, a->r.now, false);
    struct buffer body;

    a->r.vary = "Accept-Language";
    a->r.policy = OURS_ONLY "frame-ancestors 'none'";
    respond_body(&body, a->out);
    privacy_html(&body, &p, asked_language(a));
    if (buffer_error(&body) != 0)
        a->out->error = buffer_error(&body);
    else
        asked_document(a, "text/html; charset=utf-8", buffer_written(&body));
}

void command_privacy(struct asked_command *c)
{
    struct privacy p = privacy_of(c->service, c->now, true);
    enum language language = LANGUAGE_EN;
    struct slice word;
    struct buffer out;
    char *memory;

    if (arguments_option(c->words, "lang", &word)) {
        language = language_parse(word);
        if (language == LANGUAGE_VI && !slice_equal(word, SLICE("vi"))) {
            command_usage(c, "lang is vi, km or en");
            return;
        }
    }
    memory = command_begin(c, &out, privacy_limit(&p));
    if (memory == NULL)
        return;
    if (c->json)
        privacy_json(&out, &p, language);
    else
        privacy_text(&out, &p, language);
    command_answer(c, &out, memory);
}
