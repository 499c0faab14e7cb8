/* Floor 4 (answer). `report --month`: what is asked, read site by site on the reader
 * thread. A site takes a few questions to the store, so a report over 2,000 sites keeps
 * that thread for some seconds; counting and the boxes do not notice. */
#ifndef LUOT_ANSWER_MONTH_QUESTION_H
#define LUOT_ANSWER_MONTH_QUESTION_H

#include "answer/command.h"

/* Has the command an option of a monthly report? */
bool month_question_is_asked(const struct asked_command *c);
void month_question_ask(struct asked_command *c);

#endif
