/* SPDX-License-Identifier: MIT */
/*
 * join [OPTION]... -- KEEP... -- WATCH...
 *
 * Runs a command that watches another one, in an outer sandbox that exists already. Nothing passes
 * from one run in it to the next: each has users, processes, file systems and an inner sandbox of
 * its own, and all of that ends with it. The words of KEEP make the inner sandbox. Those of WATCH
 * start the watcher, whose children belong to the processes of the inner sandbox; see keep.c and
 * enter.c.
 *
 *     -k PID:INODE    join the sandbox that this process keeps; the number of its mount namespace
 *                     shows that it is still the same process
 *     -u USER         become this user first, as whom the sandbox was made
 *     -s NAME         show the folder NAME of /tmp as /osmem, and let the watcher write to
 *     -o NAME         the folder NAME of /tmp as /out
 *     -e NAME=VALUE   set a variable; no others are left
 *     -p NUMBER       let there be so many processes
 *     -m MIB          let /work hold so much
 *     -f NUMBER       let /work hold so many files
 *     -c SECONDS      let each process take so much processor time
 *     -a MIB          let it have so large an address space
 *     -w MIB          let it write files of this size
 *
 * Three processes, each the parent of the next: the first is what the caller sees, and may kill;
 * the second is the first one of the run, with which all others end; the third becomes WATCH. A
 * fourth keeps the inner sandbox.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "furnish.h"
#include "keeping.h"
#include "limits.h"

enum {
    INNER = 3, /* the descriptor by which the watched command enters the inner sandbox */
    REPORT,    /* the socket through which KEEP sends it */
};

static const int shared =
    CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWCGROUP;
static const int own = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC;

static struct {
    long keeper;
    unsigned long mounts;
    uid_t user; /* 0 is the caller */
    const char *shown, *out;
    struct limits limits;
    char **keep, **watch;
} given;

static void read_options(int argc, char *argv[])
{
    int option;

    clearenv();
    while ((option = getopt(argc, argv, "+k:u:s:o:e:" LIMIT_OPTIONS)) != -1)
        switch (option) {
        case 'k':
            if (sscanf(optarg, "%ld:%lu", &given.keeper, &given.mounts) != 2)
                errx(2, "%s: expected PID:INODE", optarg);
            break;
        case 'u':
            given.user = number(optarg);
            break;
        case 's':
            given.shown = optarg;
            break;
        case 'o':
            given.out = optarg;
            break;
        case 'e':
            putenv(optarg);
            break;
        default:
            if (!take_limit(&given.limits, option, optarg))
                exit(2);
        }
    given.keep = given.watch = argv + optind;
    while (*given.watch != NULL && strcmp(*given.watch, "--") != 0)
        given.watch++;
    if (!given.keeper || !given.shown || !given.out || !given.limits.processes ||
        !given.limits.mib || !given.limits.files || *given.watch == NULL)
        errx(2, "expected -k, -s, -o, -p, -m, -f and -- KEEP... -- WATCH...");
    *given.watch++ = NULL;
}

static void write_to(int folder, const char *path, const char *text)
{
    int file = openat(folder, path, O_WRONLY | O_CLOEXEC);

    if (file < 0 || write(file, text, strlen(text)) < 0)
        err(2, "%s", path);
    close(file);
}

static void become_user(void)
{
    if (given.user != 0 &&
        (setgroups(0, NULL) < 0 || setresgid(given.user, given.user, given.user) < 0 ||
         setresuid(given.user, given.user, given.user) < 0))
        err(2, "expected the right to become user %u", given.user);
    prctl(PR_SET_DUMPABLE, 1); /* or else it may not map users in its namespace */
}

static void join_sandbox(void)
{
    int keeper = syscall(SYS_pidfd_open, given.keeper, 0);
    char path[64];
    struct stat mounts;

    snprintf(path, sizeof(path), "/proc/%ld/ns/mnt", given.keeper);
    if (keeper < 0 || stat(path, &mounts) < 0 || mounts.st_ino != given.mounts)
        errx(2, "expected process %ld to keep a sandbox, found that it has ended", given.keeper);
    if (setns(keeper, shared) < 0)
        err(2, "setns");
    close(keeper);
}

/* The kernel counts processes by user and namespace, and so it counts those of each run apart. */
static void part_from_others(void)
{
    int host = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

    write_to(host, "self/oom_score_adj", "1000"); /* out of memory, the kernel kills it first */
    become_user();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    join_sandbox();
    if (unshare(own) < 0)
        err(2, "unshare");
    write_to(host, "self/setgroups", "deny");
    write_to(host, "self/uid_map", "0 0 1");
    write_to(host, "self/gid_map", "0 0 1");
    close(host);
    limit_resource(RLIMIT_NPROC, given.limits.processes);
    limit_processes(&given.limits);
}

static pid_t fork_or_fail(void)
{
    pid_t child = fork();

    if (child < 0)
        err(2, "fork");
    return child;
}

/* Let commands that this process becomes have a descriptor, by this number. */
static void pass_on(int descriptor, int as)
{
    if ((descriptor == as ? fcntl(descriptor, F_SETFD, 0) : dup2(descriptor, as)) < 0)
        err(2, "descriptor %d", as);
}

__attribute__((noreturn)) static void become(char *command[])
{
    execvp(command[0], command);
    err(2, "%s", command[0]);
}

/* Return the descriptor of the process that keeps the inner sandbox. */
static int make_inner_sandbox(void)
{
    int sockets[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
        err(2, "socketpair");
    if (fork_or_fail() == 0) {
        pass_on(sockets[1], REPORT);
        become(given.keep);
    }
    close(sockets[1]);

    int keeper = receive_descriptor(sockets[0]);

    if (keeper < 0)
        errx(2, "expected an inner sandbox, found that none could be made");
    return keeper;
}

static int status_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* What the first process of a run does. It ends if its parent has, whose side of the pipe is closed
 * then. Return the status of the watcher. */
static int run(int parent)
{
    struct pollfd ended = {.fd = parent};
    int status;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (poll(&ended, 1, 0) != 0)
        return 2;
    setsid();
    furnish(given.shown, given.out, given.limits.mib, given.limits.files);

    int keeper = make_inner_sandbox();
    pid_t watcher = fork_or_fail();

    if (watcher == 0) {
        if (setns(keeper, CLONE_NEWPID) < 0 || chdir("/work") < 0)
            err(2, "the inner sandbox");
        pass_on(keeper, INNER);
        become(given.watch);
    }
    for (pid_t child; (child = wait(&status)) != watcher;)
        if (child < 0)
            err(2, "wait");
    return status_of(status);
}

int main(int argc, char *argv[])
{
    int status, alive[2];

    read_options(argc, argv);
    part_from_others();
    if (pipe2(alive, O_CLOEXEC) < 0)
        err(2, "pipe");

    pid_t first = fork_or_fail();

    if (first == 0) {
        close(alive[1]);
        return run(alive[0]);
    }
    if (waitpid(first, &status, 0) < 0)
        err(2, "wait");
    return status_of(status);
}
