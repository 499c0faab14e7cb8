#include <assert.h>

#include "identify/referrer_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char sentence[REFERRER_LIST_SENTENCE_MAX];
    struct slice deny = {(const char *)data, size}, list = slice_cut(&deny, '\f');
    struct referrer_list *l = NULL;
    int rv = referrer_list_parse(&l, "list", list, "deny", deny, sentence);
    assert((rv == 0) == (l != NULL) && (rv == 0) == (sentence[0] == '\0'));
    if (rv == 0)
        assert(referrer_list_find(l, "x.mail.a.vn", SLICE("/b/c"), false).class >
               REFERRER_INTERNAL);
    referrer_list_free(l);
    return 0;
}
