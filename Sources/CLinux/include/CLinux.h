// System calls that Swift cannot make by itself, because glibc declares them variadic, hides them behind
// macros, or (Debian 12: glibc 2.36) has no wrapper for them. Nothing here decides anything.
#ifndef CLINUX_H
#define CLINUX_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/// Makes this process the parent of its orphaned descendants. Returns 0, or -1 with `errno`.
static inline int clinux_set_child_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

/// Names this thread (15 bytes are kept), as `ps` and `top` show it.
static inline int clinux_set_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

/// A descriptor that becomes readable when the process ends (Linux 5.3). Returns it, or -1 with `errno`.
static inline int clinux_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

/// Sends a signal to exactly the process behind a pidfd (Linux 5.1). Returns 0, or -1 with `errno`.
static inline int clinux_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

static inline int clinux_fcntl(int fd, int command, long argument) { return fcntl(fd, command, argument); }

static inline int clinux_set_pipe_size(int fd, int bytes) { return fcntl(fd, F_SETPIPE_SZ, bytes); }

static inline int clinux_setrlimit(int resource, uint64_t soft, uint64_t hard) {
    struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
    return setrlimit((__rlimit_resource_t)resource, &limit);
}

static inline int clinux_wait_status_exited(int status) { return WIFEXITED(status); }
static inline int clinux_wait_status_code(int status) { return WEXITSTATUS(status); }
static inline int clinux_wait_status_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }
static inline int clinux_wait_status_dumped_core(int status) { return WIFSIGNALED(status) && WCOREDUMP(status); }

#endif
