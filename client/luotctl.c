/* luotctl: the command line of the stats socket. What it can do is the table in
 * luotctl_command.c; what a command does is in luotctl_run.c and luotctl_import.c. */
#include <locale.h>

#include "luotctl_run.h"

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    return luotctl_run(stdout, stderr, argc, argv);
}
