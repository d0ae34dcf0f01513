/* SPDX-License-Identifier: MIT */
/*
 * fence [-r PATH]... [-w PATH]... COMMAND [ARG]...
 *
 * Runs a command that can open no other files than these: those at and below a PATH of -r, to read
 * and to execute, and those of -w, to write as well. A PATH of -r may be missing. The command has
 * no TCP, no privileges, and reaches neither processes nor abstract sockets outside of the fence,
 * as far as the kernel's version of Landlock knows these.
 *
 * util-linux 2.40 has `setpriv --landlock-access`, which neither knows TCP and processes nor comes
 * with the systems that we support.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "landlock.h"
#include "privileges.h"

/* What -r and -w allow, of a folder and of a file. Nobody makes devices or sockets, or controls
 * devices. */
static const uint64_t reading = FS_EXECUTE | FS_READ_FILE | FS_READ_DIR;
static const uint64_t writing = FS_EXECUTE | FS_READ_FILE | FS_READ_DIR | FS_WRITE_FILE |
                                FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG |
                                FS_MAKE_FIFO | FS_MAKE_SYM | FS_REFER | FS_TRUNCATE;
static const uint64_t of_file = FS_EXECUTE | FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE;

static void allow(int rules, const char *path, uint64_t access, bool may_be_missing)
{
    struct stat found;
    int place = open(path, O_PATH | O_CLOEXEC);

    if (place < 0 && errno == ENOENT && may_be_missing)
        return;
    if (place < 0 || fstat(place, &found) < 0)
        err(2, "%s", path);
    if (!S_ISDIR(found.st_mode))
        access &= of_file;
    if (landlock_allow(rules, place, access) < 0)
        err(2, "Landlock: %s", path);
    close(place);
}

int main(int argc, char *argv[])
{
    int option, rules = landlock_rules(FS_ALL, NET_ALL, SCOPE_ALL);

    if (rules < 0)
        err(2, "Landlock");
    while ((option = getopt(argc, argv, "+r:w:")) != -1)
        switch (option) {
        case 'r':
            allow(rules, optarg, reading, true);
            break;
        case 'w':
            allow(rules, optarg, writing, false);
            break;
        default:
            return 2;
        }
    if (optind == argc)
        errx(2, "expected [-r PATH]... [-w PATH]... COMMAND [ARG]...");
    drop_capabilities();
    if (landlock_enter(rules) < 0)
        err(2, "Landlock");
    execvp(argv[optind], argv + optind);
    err(2, "%s", argv[optind]);
}
