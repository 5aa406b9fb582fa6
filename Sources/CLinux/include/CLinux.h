// System calls that Swift cannot make by itself, because glibc declares them variadic, hides them behind macros or
// _GNU_SOURCE, or (Debian 12: glibc 2.36) has no wrapper for them. Nothing here decides anything.
//
// The header includes next to nothing, and _GNU_SOURCE is defined in CLinux.c only: defined here, it would change the
// system's types for this module, and Swift refuses types that differ between CLinux and Glibc.
//
// Unless said otherwise a function returns 0, or -1 with the reason in `errno`, and a new descriptor is closed on exec.
#ifndef CLINUX_H
#define CLINUX_H

#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Makes this process the parent of its orphaned descendants.
int clinux_set_child_subreaper(void);

/// Returns a descriptor that becomes readable when the process ends (Linux 5.3).
int clinux_pidfd_open(pid_t pid);

/// Sends a signal to exactly the process behind a pidfd (Linux 5.1).
int clinux_pidfd_send_signal(int pidfd, int signal);

int clinux_fcntl(int fd, int command, long argument);
int clinux_set_pipe_size(int fd, int bytes);
int clinux_open(const char *path, int flags, mode_t mode);

/// Returns a descriptor that names a directory (O_PATH: being allowed to enter it is enough).
int clinux_open_directory(const char *path);

/// A lock that belongs to the open file, not to the process (`F_OFD_SETLK`), on the whole of it; never waits.
int clinux_lock_file(int fd);

/// `setrlimit` and `getrlimit` without glibc's enum for the resource.
int clinux_setrlimit(int resource, uint64_t soft, uint64_t hard);
int clinux_getrlimit(int resource, uint64_t *soft, uint64_t *hard);

/// Sets both limits of another process of the same user.
int clinux_limit_process(pid_t pid, int resource, uint64_t value);

/// What `waitpid` said: whether it exited, its exit code, the signal that ended it (0: none), whether it left a core.
int clinux_wait_status_exited(int status);
int clinux_wait_status_code(int status);
int clinux_wait_status_signal(int status);
int clinux_wait_status_dumped_core(int status);

int clinux_is_regular_file(mode_t mode);
int clinux_is_fifo(mode_t mode);

/// A pipe whose ends do not block.
int clinux_pipe(int ends[2]);

/// Returns an accepted connection that does not block.
int clinux_accept(int listener);

/// User and process at the other end of a unix socket (`SO_PEERCRED`).
int clinux_peer(int socket, uid_t *user, pid_t *process);

/// Moves bytes from a pipe into a file without a copy through this process; never waits for the pipe. Returns their
/// number.
ssize_t clinux_splice(int pipe, int file, size_t bytes);

/// epoll, which glibc's module for Swift leaves out. What becomes ready is told by the token that it was added with;
/// `also_writable`: wait for room to write too.
int clinux_epoll_create(void);
int clinux_epoll_add(int epoll, int fd, uint64_t token, int also_writable);
int clinux_epoll_change(int epoll, int fd, uint64_t token, int also_writable);
int clinux_epoll_remove(int epoll, int fd);

/// Waits until something is ready, and returns for how many descriptors; at most 32 and `capacity` at once.
int clinux_epoll_wait(int epoll, uint64_t *tokens, int capacity);

/// Tells of each change once (EPOLLET), for reading, writing and the other side's end: whoever is told reads and writes
/// until there is nothing left.
int clinux_epoll_add_edge(int epoll, int fd, uint64_t token);

/// What one descriptor is ready for besides writing; its end and its errors are readable, too.
struct clinux_ready {
    uint64_t token;
    unsigned char readable;
    unsigned char ended;
};

/// Like `clinux_epoll_wait`, but for many descriptors (at most 512) and not for longer than the nanoseconds.
int clinux_epoll_wait_until(int epoll, struct clinux_ready *ready, int capacity, int64_t nanoseconds);

/// Clocks in nanoseconds: `CLOCK_MONOTONIC` (through the vDSO, no system call), and the processor time that this thread
/// and this process have used.
int64_t clinux_monotonic_time(void);
int64_t clinux_thread_time(void);
int64_t clinux_process_time(void);

/// Sleeps; a signal may end it early.
void clinux_rest(int64_t nanoseconds);

/// How late this thread's timers may be for the sake of fewer wake-ups; the kernel's default is 50 µs.
int clinux_set_timer_slack(unsigned long nanoseconds);

/// Names this thread for `ps -T` and `/proc`; 15 bytes of the name are kept.
void clinux_name_thread(const char *name);

/// Returns an eventfd that does not block.
int clinux_event_descriptor(void);

/// Returns a descriptor that tells of SIGCHLD and SIGTERM. All signals of this thread are blocked from then on.
int clinux_signal_descriptor(void);

/// Returns the next signal of that descriptor, 0 when there is none.
int clinux_read_signal(int descriptor);

/// What to start and what it gets.
struct clinux_spawn_request {
    /// A path; it is not searched for.
    const char *program;
    char *const *arguments;
    char *const *environment;
    /// Descriptor of the working directory, or -1 for that of this process.
    int directory;
    /// `descriptors[i]` of this process becomes descriptor i of the new one, which gets no other; at most 64.
    const int *descriptors;
    int descriptor_count;
};

/// Starts a program as leader of its own session, with no signal blocked or ignored. Returns 0 or an error number,
/// which is also that of a failed exec.
int clinux_spawn(const struct clinux_spawn_request *request, pid_t *pid);

/// Finds what `execvp` would run for `name` if its search path were `path`. Returns 0, or an error number (ERANGE:
/// longer than `size`).
int clinux_find_program(const char *name, const char *path, char *found, size_t size);

#endif
