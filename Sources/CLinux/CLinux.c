#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int clinux_set_child_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int clinux_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int clinux_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int clinux_fcntl(int fd, int command, long argument) { return fcntl(fd, command, argument); }

int clinux_set_pipe_size(int fd, int bytes) { return fcntl(fd, F_SETPIPE_SZ, bytes); }

int clinux_open(const char *path, int flags, mode_t mode) { return open(path, flags | O_CLOEXEC, mode); }

int clinux_open_directory(const char *path) { return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); }

int clinux_lock_file(int fd) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_SETLK, &lock);
}

int clinux_setrlimit(int resource, uint64_t soft, uint64_t hard) {
    struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
    return setrlimit((__rlimit_resource_t)resource, &limit);
}

int clinux_getrlimit(int resource, uint64_t *soft, uint64_t *hard) {
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)resource, &limit) != 0) return -1;
    *soft = limit.rlim_cur;
    *hard = limit.rlim_max;
    return 0;
}

int clinux_limit_process(pid_t pid, int resource, uint64_t value) {
    struct rlimit limit = {.rlim_cur = value, .rlim_max = value};
    return prlimit(pid, (__rlimit_resource_t)resource, &limit, NULL);
}

int clinux_wait_status_exited(int status) { return WIFEXITED(status); }
int clinux_wait_status_code(int status) { return WEXITSTATUS(status); }
int clinux_wait_status_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }
int clinux_wait_status_dumped_core(int status) { return WIFSIGNALED(status) && WCOREDUMP(status); }

int clinux_is_regular_file(mode_t mode) { return S_ISREG(mode); }
int clinux_is_fifo(mode_t mode) { return S_ISFIFO(mode); }

int clinux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC | O_NONBLOCK); }

int clinux_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }

int clinux_peer(int socket, uid_t *user, pid_t *process) {
    struct ucred credentials;
    socklen_t size = sizeof credentials;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return -1;
    *user = credentials.uid;
    *process = credentials.pid;
    return 0;
}

ssize_t clinux_splice(int pipe, int file, size_t bytes) {
    return splice(pipe, NULL, file, NULL, bytes, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
}

int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static struct epoll_event epoll_interest(uint64_t token, int also_writable) {
    struct epoll_event event = {.events = EPOLLIN | (also_writable ? EPOLLOUT : 0), .data = {.u64 = token}};
    return event;
}

int clinux_epoll_add(int epoll, int fd, uint64_t token, int also_writable) {
    struct epoll_event event = epoll_interest(token, also_writable);
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int clinux_epoll_change(int epoll, int fd, uint64_t token, int also_writable) {
    struct epoll_event event = epoll_interest(token, also_writable);
    return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

int clinux_epoll_remove(int epoll, int fd) { return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL); }

int clinux_epoll_wait(int epoll, uint64_t *tokens, int capacity) {
    struct epoll_event events[32];
    int count = epoll_wait(epoll, events, capacity < 32 ? capacity : 32, -1);
    for (int i = 0; i < count; i++) tokens[i] = events[i].data.u64;
    return count;
}

int clinux_epoll_add_edge(int epoll, int fd, uint64_t token) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.u64 = token}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int clinux_epoll_wait_until(int epoll, struct clinux_ready *ready, int capacity, int64_t nanoseconds) {
    struct epoll_event events[512];
    if (capacity > 512) capacity = 512;
    if (nanoseconds < 0) nanoseconds = 0;
    struct timespec timeout = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    int count = epoll_pwait2(epoll, events, capacity, &timeout, NULL);
    // Before Linux 5.11: whole milliseconds, rounded up so that the caller does not spin.
    if (count < 0 && errno == ENOSYS) {
        count = epoll_wait(epoll, events, capacity, (int)((nanoseconds + 999999) / 1000000));
    }
    for (int i = 0; i < count; i++) {
        ready[i].token = events[i].data.u64;
        ready[i].readable = (events[i].events & ~EPOLLOUT) != 0;
        ready[i].ended = (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    }
    return count;
}

static int64_t nanoseconds_of(clockid_t clock) {
    struct timespec time = {0};
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t clinux_monotonic_time(void) { return nanoseconds_of(CLOCK_MONOTONIC); }
int64_t clinux_thread_time(void) { return nanoseconds_of(CLOCK_THREAD_CPUTIME_ID); }
int64_t clinux_process_time(void) { return nanoseconds_of(CLOCK_PROCESS_CPUTIME_ID); }

void clinux_rest(int64_t nanoseconds) {
    struct timespec time = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

int clinux_set_timer_slack(unsigned long nanoseconds) { return prctl(PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0); }

void clinux_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

int clinux_event_descriptor(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int clinux_signal_descriptor(void) {
    sigset_t all, watched;
    sigfillset(&all);
    if (sigprocmask(SIG_SETMASK, &all, NULL) != 0) return -1;
    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, SIGTERM);
    return signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
}

int clinux_read_signal(int descriptor) {
    struct signalfd_siginfo info;
    return read(descriptor, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

// Each source is first copied above the numbers that the new process will use: dup2 in the child goes from 0 upwards,
// and would overwrite a source that has a small number itself.
static int place_descriptors(const struct clinux_spawn_request *request, posix_spawn_file_actions_t *actions,
                             int *copies) {
    for (int i = 0; i < request->descriptor_count; i++) {
        copies[i] = fcntl(request->descriptors[i], F_DUPFD_CLOEXEC, request->descriptor_count);
        if (copies[i] < 0) return errno;
        int error = posix_spawn_file_actions_adddup2(actions, copies[i], i);
        if (error != 0) return error;
    }
    int error = posix_spawn_file_actions_addclosefrom_np(actions, request->descriptor_count);
    return error;
}

static int spawn_placed(const struct clinux_spawn_request *request, posix_spawn_file_actions_t *actions, pid_t *pid) {
    posix_spawnattr_t attributes;
    int error = posix_spawnattr_init(&attributes);
    if (error != 0) return error;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    error = posix_spawn(pid, request->program, actions, &attributes, request->arguments, request->environment);
    posix_spawnattr_destroy(&attributes);
    return error;
}

int clinux_spawn(const struct clinux_spawn_request *request, pid_t *pid) {
    int copies[64];
    if (request->descriptor_count < 0 || request->descriptor_count > 64) return EINVAL;
    memset(copies, -1, sizeof copies);
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) return error;
    // The directory first: its descriptor is among those that are then overwritten or closed.
    if (request->directory >= 0) error = posix_spawn_file_actions_addfchdir_np(&actions, request->directory);
    if (error == 0) error = place_descriptors(request, &actions, copies);
    if (error == 0) error = spawn_placed(request, &actions, pid);
    for (int i = 0; i < request->descriptor_count; i++) {
        if (copies[i] >= 0) close(copies[i]);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static int is_program(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0) return errno;
    if (!S_ISREG(status.st_mode)) return EACCES;
    return access(path, X_OK) == 0 ? 0 : errno;
}

int clinux_find_program(const char *name, const char *path, char *found, size_t size) {
    size_t length = strlen(name);
    int result = ENOENT;
    while (*path != '\0') {
        size_t directory = strcspn(path, ":");
        // An empty or relative entry means the working directory of whoever asks, which is not the child's: skipped.
        if (path[0] == '/') {
            if (directory + length + 2 > size) return ERANGE;
            memcpy(found, path, directory);
            found[directory] = '/';
            memcpy(found + directory + 1, name, length + 1);
            int error = is_program(found);
            if (error == 0) return 0;
            if (error == EACCES) result = EACCES;
        }
        path += directory + (path[directory] == ':');
    }
    return result;
}
