/* What a view is counted by. Most are of somebody who was just here, of a page that was just
 * read, from a place that somebody just came from: of such a part the rows are known by heart
 * (count/regulars), and none of its keys is looked for. */
#include "identify/agent_visit.h"
#include "identify/visit_page.h"
#include "identify/visit_referrer.h"
#include "pipeline_inner.h"

/* Of what a habit is; any different odd numbers, far from each other. */
#define OF_PAGE     UINT64_C(0x2545F4914F6CDD1D)
#define OF_REFERER  UINT64_C(0xD1B54A32D192ED03) /* that the header names, not `p` */
#define OF_REFERRER UINT64_C(0xA0761D6478BD642F)
#define OF_LIST     UINT64_C(0x9E3779B97F4A7C15)
#define OF_TERMS    UINT64_C(0xD6E8FEB86659FD93)
#define OF_SCREEN   UINT64_C(0xE7037ED1A0B428DB)
#define OF_ATLAS    UINT64_C(0x8EBC6AF09C88C6E3)
#define OF_AGENTS   UINT64_C(0x589965CC75374CC3)

/* Views of another time than the turn's are of another day's table, perhaps. */
static bool may_be_regular(const struct visit *visit)
{
    return visit->kind == VISIT_VIEW && visit->own_s == 0;
}

/* --- Who --- */

static const struct agents *agents_of(const struct pipeline *p)
{
    return p->agents == NULL ? NULL
                             : atomic_load_explicit(p->agents, memory_order_seq_cst);
}

/* Of somebody who does not want to be known nothing is remembered; who has no agent, or too
 * long a one, is looked at each time. */
static bool has_habit(const struct visit *visit)
{
    return may_be_regular(visit) && !visit->anonymous && visit->user_agent.length > 0 &&
           visit->user_agent.length <= LUOT_USER_AGENT_MAX;
}

/* All that his country, agent, language and screen are found out from, and by which lists.
 * The sums of three texts' hashes and numbers are one with a chance of 2^-64, as in habit_in. */
static uint64_t habit_of(const struct pipeline *p, const struct pipeline_view *v,
                         const struct atlas *atlas, const struct agents *agents)
{
    struct slice language =
        v->beacon->language.length > 0 ? v->beacon->language : v->sender->accept_language;
    uint64_t half[2], seen = v->beacon->screen_width * OF_SCREEN;

    memcpy(half, v->address->bytes, sizeof half);
    if (language.length > 0)
        seen += hash_text(&p->names->secret, language, 0);
    if (atlas != NULL)
        seen += atlas->id * OF_ATLAS;
    if (agents != NULL)
        seen += agents_id(agents) * OF_AGENTS;
    return hash_words(&p->regulars->secret, v->visit.agent_hash, half[0], half[1], seen);
}

static bool is_robot(const struct pipeline *p, const struct agents *agents,
                     struct pipeline_view *v)
{
    const struct sender *sender = v->sender;
    bool expected = sender->agent_expected || (sender->http && !sender->trusted);

    return agents != NULL && visit_agent(&v->visit, agents, p->agents_lane, expected);
}

static void expect_person(const struct pipeline *p, struct pipeline_view *v)
{
    if (!has_habit(&v->visit))
        return;
    v->visit.habit[VISIT_PERSON] = habit_of(p, v, pipeline_atlas(p), agents_of(p));
    site_expect(v->lane, &v->visit, VISIT_PERSON);
}

/* True: it is a robot. */
static bool find_person(struct pipeline *p, struct pipeline_view *v)
{
    const struct atlas *atlas = pipeline_atlas(p);

    if (v->visit.habit[VISIT_PERSON] != 0 &&
        site_recall(v->lane, &v->visit, VISIT_PERSON))
        return false;
    if (atlas != NULL)
        visit_where(&v->visit, atlas, v->address);
    if (is_robot(p, agents_of(p), v))
        return true;
    if (v->visit.kind == VISIT_VIEW && !p->without_places)
        visit_viewer(&v->visit, v->beacon, v->sender->accept_language, &p->text);
    return false;
}

/* --- What, and from where --- */

static const struct referrer_list *list_of(const struct pipeline *p)
{
    return p->referrers == NULL
               ? NULL
               : atomic_load_explicit(p->referrers, memory_order_seq_cst); /* turn.c */
}

static bool is_as_written(const struct site_terms *terms)
{
    return terms->config.source == SOURCE_LOGS && terms->config.log_rule == PAGE_RULE_PV1;
}

/* A referrer is told from the page's host, too: mostly there is none. Of a page as it is
 * written the slash may be, too. */
static bool names_host(struct slice page, const struct spelt *of)
{
    if (page.length > 0 && page.at[0] == '/')
        return false;
    return !(of->is_written && page.length >= 3 &&
             (memcmp(page.at, "%2F", 3) == 0 || memcmp(page.at, "%2f", 3) == 0));
}

/* Where the text is hashed, that is mixed with the salt: hashes of different texts differ by
 * any number with a chance of 2^-64, and so do their sums with any two salts. */
static uint64_t habit_in(const struct pipeline *p, struct slice text,
                         const struct spelt *of, uint64_t salt)
{
    uint64_t hash = of->is_hashed ? of->hash : hash_text(&p->names->secret, text, 0);

    return hash + 2 * salt;
}

/* What is longer than a hash reads is worked out each time, and what is as written in a log. */
static void expect_place(struct pipeline *p, struct pipeline_view *v)
{
    static const struct spelt not_hashed;
    const struct beacon *beacon = v->beacon;
    const struct referrer_list *list = list_of(p);
    bool named = beacon->page.length > 0;
    struct slice page = named ? beacon->page : v->sender->referer;
    const struct spelt *of_page = named ? &beacon->of_page : &not_hashed;
    struct slice host = pipeline_page_host(p, v->sender);
    uint64_t salt = v->terms->version * OF_TERMS;
    struct visit *visit = &v->visit;

    if (!may_be_regular(visit) || page.length > HASH_TEXT_BYTES ||
        beacon->referrer.length > HASH_TEXT_BYTES || is_as_written(v->terms))
        return;
    if (host.length > 0)
        salt += hash_text(&p->regulars->secret, host, OF_PAGE);
    visit->habit[VISIT_PAGE] =
        habit_in(p, page, of_page, salt + (named ? OF_PAGE : OF_REFERER));
    site_expect(v->lane, visit, VISIT_PAGE);
    if (names_host(page, of_page))
        salt += visit->habit[VISIT_PAGE];
    if (list != NULL)
        salt += referrer_list_id(list) * OF_LIST;
    visit->habit[VISIT_REFERRER] =
        habit_in(p, beacon->referrer, &beacon->of_referrer, salt + OF_REFERRER);
    site_expect(v->lane, visit, VISIT_REFERRER);
}

static bool recall_place(struct pipeline_view *v)
{
    struct visit *visit = &v->visit;

    if (visit->habit[VISIT_PAGE] == 0 || !site_recall(v->lane, visit, VISIT_PAGE) ||
        !site_recall(v->lane, visit, VISIT_REFERRER))
        return false;
    visit->entry = visit->regular[VISIT_REFERRER]->entry;
    return true;
}

static struct visit_scene scene_of(struct pipeline *p, const struct pipeline_view *v)
{
    struct visit_scene scene = {.beacon = v->beacon,
                                .config = &v->terms->config,
                                .own_host = slice_of(v->site->block->host),
                                .page_host = pipeline_page_host(p, v->sender),
                                .referer = v->sender->referer,
                                .accept_language = v->sender->accept_language,
                                .memory = p->text.decoded,
                                .without_viewer = true,
                                .as_written = is_as_written(v->terms)};

    if (!scene.as_written) {
        scene.cache = p->places;
        scene.terms = v->terms->version;
    }
    return scene;
}

static void work_out_page(struct pipeline *p, struct pipeline_view *v,
                          struct visit_scene *scene)
{
    visit_scene_page(scene);
    visit_page(&v->visit, scene, &p->text);
}

static enum outcome find_place(struct pipeline *p, struct pipeline_view *v,
                               const struct referrer_list *list)
{
    struct visit_scene scene;

    v->visit.regular[VISIT_PAGE] = v->visit.regular[VISIT_REFERRER] = NULL;
    scene = scene_of(p, v);
    work_out_page(p, v, &scene);
    return visit_referrer(&v->visit, &scene, &p->text, list, p->referrer_cache)
               ? OUTCOME_VIEW
               : OUTCOME_SUSPECT;
}

/* --- All of it --- */

void pipeline_expect(struct pipeline *p, struct pipeline_view *v)
{
    expect_person(p, v);
    if (v->visit.kind != VISIT_PING && !p->without_places)
        expect_place(p, v);
    site_expect_visitor(v->lane, &v->visit);
}

/* Where a person is looked for who is not known by heart. */
static void expect_stranger(const struct pipeline *p, const struct pipeline_view *v)
{
    const struct atlas *atlas = pipeline_atlas(p);
    const struct agents *agents = agents_of(p);

    if (atlas != NULL && atlas->geo != NULL)
        geo_expect(atlas->geo, v->address);
    if (agents != NULL)
        agents_expect(agents, p->agents_lane, v->visit.agent_hash);
}

void pipeline_expect_more(struct pipeline *p, struct pipeline_view *v)
{
    const struct trust *trust = atomic_load_explicit(p->trust, memory_order_seq_cst);

    if (!site_may_recall(v->lane, &v->visit, VISIT_PERSON))
        expect_stranger(p, v);
    if (!site_expect_known(v->lane, &v->visit) &&
        (p->guard == NULL || guard_may(p->guard, &trust->limits, &v->guarded)))
        site_expect_stranger(v->site, v->lane, &v->visit);
}

enum outcome pipeline_find(struct pipeline *p, struct pipeline_view *v)
{
    bool placed = v->visit.kind == VISIT_PING || p->without_places || recall_place(v);

    if (find_person(p, v) && v->terms->config.bots == BOTS_APART)
        return OUTCOME_BOT;
    return placed ? OUTCOME_VIEW : find_place(p, v, list_of(p));
}

void pipeline_find_page(struct pipeline *p, struct pipeline_view *v)
{
    struct visit_scene scene = scene_of(p, v);

    work_out_page(p, v, &scene);
}
