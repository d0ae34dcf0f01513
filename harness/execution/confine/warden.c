/* SPDX-License-Identifier: MIT */
/*
 * warden [OPTION]... COMMAND [ARG]...
 *
 * Runs a command in a new, empty folder, and leaves nothing of it: when the command has ended, or
 * the warden was killed, all processes that it left are killed, and the folder is removed. That is
 * what a process namespace and a tmpfs do, where neither can be made.
 *
 *     -t FOLDER     make the new folder in this one
 *     -s NAME=PATH  show a file or a folder at a name relative to the new folder, by a link
 *     -o FOLDER     give a folder to the user that the command runs as
 *     -u USER       run as the first of the numbers from USER on that no other warden uses
 *     -p NUMBER     let this user have so many processes; without -u, so many more than there are
 *     -m MIB        end the command if its folder is larger
 *     -f NUMBER     end the command if its folder holds more files
 *     -c SECONDS    let each process take so much processor time
 *     -a MIB        let it have so large an address space
 *     -w MIB        let it write files of this size
 *
 * Three processes, each the parent of the next: the first is what the caller sees, and may kill;
 * the second keeps the command, out of reach of it; the third becomes the command.
 */
#include <err.h>
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "landlock.h"
#include "limits.h"
#include "privileges.h"
#include "threads.h"
#include "work_folder.h"

enum { LINKS = 16, USERS = 4096 };

/* So many more threads than now may all else of the caller have while the command runs. */
#define SPARE_THREADS 512

static const struct itimerval next_look = {.it_value.tv_usec = 50 * 1000};

static struct {
    const char *temporary, *out, *links[LINKS];
    char **command;
    size_t link_count;
    struct limits limits;
    uid_t user; /* 0 is the caller */
} given;

static void read_options(int argc, char *argv[])
{
    int option;

    while ((option = getopt(argc, argv, "+t:s:o:u:" LIMIT_OPTIONS)) != -1)
        switch (option) {
        case 't':
            given.temporary = optarg;
            break;
        case 's':
            if (given.link_count == LINKS)
                errx(2, "expected at most %d links", LINKS);
            given.links[given.link_count++] = optarg;
            break;
        case 'o':
            given.out = optarg;
            break;
        case 'u':
            given.user = number(optarg);
            break;
        default:
            if (!take_limit(&given.limits, option, optarg))
                exit(2);
        }
    given.command = argv + optind;
    if (optind == argc || !given.temporary || !given.limits.processes || !given.limits.mib ||
        !given.limits.files)
        errx(2, "expected -t, -p, -m, -f and a command");
}

/* An abstract socket can be bound once, and is free again when its last process has ended. */
static void claim_user(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int claim = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    for (uid_t last = given.user + USERS; given.user < last; given.user++) {
        int length = sprintf(name.sun_path + 1, "osmem-user-%u", given.user);

        if (bind(claim, (struct sockaddr *)&name,
                 offsetof(struct sockaddr_un, sun_path) + 1 + length) == 0)
            return;
    }
    err(2, "expected a user of its own for the command, found all %d in use", USERS);
}

/* Neither the command nor the process that kills all of it can signal what is outside. */
static void enter_scope(void)
{
    int rules = landlock_version() < LANDLOCK_SCOPES ? -1 : landlock_rules(0, 0, SCOPE_SIGNAL);

    if (rules < 0 && given.user != 0)
        return;
    if (rules < 0)
        errx(2, "expected root, or Landlock %d (Linux 6.12), found Landlock %d", LANDLOCK_SCOPES,
             landlock_version());
    if (landlock_enter(rules) < 0)
        err(2, "Landlock");
    close(rules);
}

static void become_user(void)
{
    if (given.user != 0 &&
        (setgroups(0, NULL) < 0 || setresgid(given.user, given.user, given.user) < 0 ||
         setresuid(given.user, given.user, given.user) < 0))
        err(2, "expected the right to become user %u", given.user);
    drop_capabilities();
}

/* The kernel counts a user's processes everywhere. For the caller, that only keeps the machine from
 * being filled until the checker, which measures the command, has ended it. */
static void bound_processes(void)
{
    rlim_t others = given.user != 0 ? 0 : threads_of_this_user() + SPARE_THREADS;
    rlim_t processes = given.limits.processes + others;
    struct rlimit before;

    if (getrlimit(RLIMIT_NPROC, &before) < 0)
        err(2, "RLIMIT_NPROC");
    limit_resource(RLIMIT_NPROC, processes < before.rlim_max ? processes : before.rlim_max);
}

__attribute__((noreturn)) static void become_command(void)
{
    sigset_t none;
    FILE *oom = fopen("/proc/self/oom_score_adj", "w");

    /* Out of memory, the kernel kills the processes of a sandbox first. */
    if (oom != NULL) {
        fputs("1000", oom);
        fclose(oom);
    }
    bound_processes();
    limit_processes(&given.limits);
    become_user();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    execvp(given.command[0], given.command);
    err(2, "%s", given.command[0]);
}

static int status_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Wait until the command ends, or has to be ended. Return its exit status. */
static int watch(pid_t command, const sigset_t *signals)
{
    setitimer(ITIMER_REAL, &next_look, NULL);
    for (;;) {
        int signal = sigwaitinfo(signals, NULL), status;

        if (signal == SIGTERM)
            return 128 + SIGKILL;
        for (pid_t ended; (ended = waitpid(-1, &status, WNOHANG)) > 0;)
            if (ended == command)
                return status_of(status);
        if (signal != SIGALRM)
            continue;
        if (is_too_large(given.limits.mib, given.limits.files)) {
            warnx("expected at most %ld MiB and %ld files, found more", given.limits.mib,
                  given.limits.files);
            return 128 + SIGKILL;
        }
        setitimer(ITIMER_REAL, &next_look, NULL);
    }
}

/* One call kills all processes of a user, or all in a scope of Landlock, but its caller: none can
 * escape by starting others meanwhile. A caller of the same user may itself be killed before. */
static void kill_all(void)
{
    int status = given.user != 0;

    if (given.user == 0)
        kill(-1, SIGKILL);
    while (status != 0) {
        pid_t killer = fork();

        if (killer == 0) {
            become_user();
            kill(-1, SIGKILL);
            _exit(0);
        }
        if (waitpid(killer, &status, 0) < 0)
            status = 1;
    }
    while (waitpid(-1, NULL, 0) > 0)
        ;
}

static int keep(pid_t caller)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGALRM);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != caller)
        return 2;
    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (given.user != 0)
        claim_user();
    enter_scope();

    char *top = make_work_folder(given.temporary, given.user);

    if (given.out && given.user != 0 && chown(given.out, given.user, given.user) < 0)
        err(2, "%s", given.out);
    for (size_t i = 0; i < given.link_count; i++)
        show(given.links[i]);

    pid_t command = fork();

    if (command == 0)
        become_command();

    int status = command < 0 ? 2 : watch(command, &signals);

    kill_all();
    remove_work_folder(top);
    return status;
}

int main(int argc, char *argv[])
{
    pid_t caller = getpid();
    int status;

    read_options(argc, argv);
    prctl(PR_SET_PDEATHSIG, SIGKILL);

    pid_t keeper = fork();

    if (keeper < 0)
        err(2, "fork");
    if (keeper == 0)
        return keep(caller);
    while (waitpid(keeper, &status, 0) < 0 && errno == EINTR)
        ;
    return status_of(status);
}
