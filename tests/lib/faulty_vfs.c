#include "lib/faulty_vfs.h"

#include <sqlite3.h>
#include <string.h>

struct faulty_file {
    sqlite3_file base;
    sqlite3_file *real; /* lies behind this struct */
};

static struct {
    sqlite3_vfs vfs, *real;
    unsigned left; /* calls until one fails; 0: never */
    int result;
    bool stays, failed;
} fault;

static bool due(void)
{
    if (fault.left == 0)
        return false;
    if (fault.left > 1) {
        fault.left--;
        return false;
    }
    fault.failed = true;
    if (!fault.stays)
        fault.left = 0;
    return true;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct faulty_file *)file)->real;
}

static int do_close(sqlite3_file *f)
{
    return real_of(f)->pMethods->xClose(real_of(f));
}

static int do_read(sqlite3_file *f, void *at, int n, sqlite3_int64 offset)
{
    return real_of(f)->pMethods->xRead(real_of(f), at, n, offset);
}

static int do_write(sqlite3_file *f, const void *at, int n, sqlite3_int64 offset)
{
    return due() ? fault.result : real_of(f)->pMethods->xWrite(real_of(f), at, n, offset);
}

static int do_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return due() ? fault.result : real_of(f)->pMethods->xTruncate(real_of(f), size);
}

static int do_sync(sqlite3_file *f, int flags)
{
    return due() ? fault.result : real_of(f)->pMethods->xSync(real_of(f), flags);
}

static int do_size(sqlite3_file *f, sqlite3_int64 *ret)
{
    return real_of(f)->pMethods->xFileSize(real_of(f), ret);
}

static int do_lock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int do_unlock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int do_reserved(sqlite3_file *f, int *ret)
{
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), ret);
}

static int do_control(sqlite3_file *f, int op, void *arg)
{
    return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int do_sector(sqlite3_file *f)
{
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int do_traits(sqlite3_file *f)
{
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int do_shm_map(sqlite3_file *f, int page, int size, int extend,
                      void volatile **ret)
{
    return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, ret);
}

static int do_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return real_of(f)->pMethods->xShmLock(real_of(f), offset, n, flags);
}

static void do_shm_barrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int do_shm_unmap(sqlite3_file *f, int erase)
{
    return real_of(f)->pMethods->xShmUnmap(real_of(f), erase);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = do_close,
    .xRead = do_read,
    .xWrite = do_write,
    .xTruncate = do_truncate,
    .xSync = do_sync,
    .xFileSize = do_size,
    .xLock = do_lock,
    .xUnlock = do_unlock,
    .xCheckReservedLock = do_reserved,
    .xFileControl = do_control,
    .xSectorSize = do_sector,
    .xDeviceCharacteristics = do_traits,
    .xShmMap = do_shm_map,
    .xShmLock = do_shm_lock,
    .xShmBarrier = do_shm_barrier,
    .xShmUnmap = do_shm_unmap,
};

static int do_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                   int *ret_flags)
{
    struct faulty_file *f = (struct faulty_file *)file;
    int rv;

    (void)vfs;
    memset(f, 0, sizeof *f);
    f->real = (sqlite3_file *)(f + 1);
    if (due())
        return fault.result == SQLITE_FULL ? SQLITE_CANTOPEN : fault.result;
    rv = fault.real->xOpen(fault.real, name, f->real, flags, ret_flags);
    if (rv == SQLITE_OK)
        f->base.pMethods = &methods;
    return rv;
}

void faulty_vfs_register(void)
{
    fault.real = sqlite3_vfs_find(NULL);
    fault.vfs = *fault.real;
    fault.vfs.zName = "faulty";
    fault.vfs.pNext = NULL;
    fault.vfs.szOsFile = (int)sizeof(struct faulty_file) + fault.real->szOsFile;
    fault.vfs.xOpen = do_open;
    sqlite3_vfs_register(&fault.vfs, 1);
}

void faulty_vfs_fail(unsigned n, int result, bool stays)
{
    fault.left = n;
    fault.result = result;
    fault.stays = stays;
    fault.failed = false;
}

bool faulty_vfs_failed(void)
{
    return fault.failed;
}
