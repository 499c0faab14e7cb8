/* An SQLite VFS that does what the default one does, until its n-th call that touches the
 * disk, which fails. Register it before a store is opened; one a process. */
#ifndef LUOT_TESTS_FAULTY_VFS_H
#define LUOT_TESTS_FAULTY_VFS_H

#include <stdbool.h>

/* Makes it the default VFS. */
void faulty_vfs_register(void);
/* The n-th write, sync, truncate or open from now (1: the next) and, with `stays`, all
 * later ones return `result` (SQLITE_FULL, SQLITE_IOERR_FSYNC, ...). 0: none does. */
void faulty_vfs_fail(unsigned n, int result, bool stays);
/* Has it failed since the last faulty_vfs_fail? */
bool faulty_vfs_failed(void);

#endif
