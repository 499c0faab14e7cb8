#include "identify/agent_loose.h"

#include <stdlib.h>

#include "base/error.h"
#include "identify/agent_digits.h"

enum { PATTERN_MAX = 512 /* longer ones are asked */ };

struct agent_loose {
    struct agent_match *match;   /* of `rows`; NULL: there are none   */
    struct agent_rows rows;      /* the looser ones, in `text`        */
    size_t row[AGENT_LOOSE_MAX]; /* which one each is of            */
    char text[AGENT_LOOSE_MAX][PATTERN_MAX];
};

static int add(struct agent_loose *loose, const struct agent_rows *rows, size_t row)
{
    size_t n = loose->rows.count,
           length =
               agent_digits_loosen(rows->row[row].pattern, loose->text[n], PATTERN_MAX);

    if (length == 0)
        return 0;
    if (loose->rows.row == NULL)
        loose->rows.row = calloc(AGENT_LOOSE_MAX, sizeof *loose->rows.row);
    if (loose->rows.row == NULL)
        return ERR_NOMEM;
    loose->rows.row[n] = rows->row[row];
    loose->rows.row[n].pattern = (struct slice){loose->text[n], length};
    loose->row[n] = row;
    loose->rows.count++;
    return 0;
}

static int make(struct agent_loose *loose, const struct agent_rows *rows,
                const struct agent_scan *scan)
{
    char trouble[AGENT_TROUBLE_MAX];
    enum agent_list_kind wrong;
    int rv = 0;

    for (size_t row = 0; row < rows->count && loose->rows.count < AGENT_LOOSE_MAX; row++)
        if (rv == 0 && agent_scan_is_always(scan, row) && !agent_scan_is_blind(scan, row))
            rv = add(loose, rows, row);
    if (rv == 0 && loose->rows.count > 0)
        rv = agent_match_new(&loose->match, &loose->rows, false, NULL, NULL, &wrong,
                             trouble);
    if (rv == ERR_MALFORMED)
        rv = loose->rows.count = 0; /* our bug: then each row is asked */
    return rv;
}

int agent_loose_new(struct agent_loose **ret_loose, const struct agent_rows *rows,
                    const struct agent_scan *scan)
{
    struct agent_loose *loose = calloc(1, sizeof *loose);
    int rv;

    if (loose == NULL)
        return ERR_NOMEM;
    rv = make(loose, rows, scan);
    if (rv != 0) {
        agent_loose_free(loose);
        return rv;
    }
    *ret_loose = loose;
    return 0;
}

void agent_loose_free(struct agent_loose *loose)
{
    if (loose == NULL)
        return;
    agent_match_free(loose->match);
    agent_rows_free(&loose->rows);
    free(loose);
}

unsigned agent_loose_quicken(struct agent_loose *loose, unsigned most)
{
    return loose->match == NULL ? 0 : agent_match_quicken(loose->match, most);
}

bool agent_loose_never(const struct agent_loose *loose, struct agent_match_lane *lane,
                       size_t row, struct slice skeleton)
{
    for (size_t i = 0; i < loose->rows.count; i++)
        if (loose->row[i] == row)
            return agent_match_never(loose->match, lane, i, skeleton);
    return false;
}
