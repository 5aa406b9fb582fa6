"""What /proc says about the processes below this one."""

import ctypes
import os
import signal
import threading
import time

PR_SET_CHILD_SUBREAPER = 36


def become_subreaper():
    """From now on whatever Stoker leaves behind becomes a child of the test run, where it can be seen and ended."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def stat(pid):
    """The state letter and the parent of a process; None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            # The name stands in parentheses and may hold anything, parentheses too.
            fields = file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return fields[0], int(fields[1])


def alive(pid):
    """Whether a process runs; a zombie does not."""
    found = stat(pid)
    return found is not None and found[0] not in "ZX"


def descendants(of=None):
    """The running processes below one process, this one by default."""
    top = of or os.getpid()
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (found := stat(int(name))) and found[0] not in "ZX":
            parents[int(name)] = found[1]
    result, grew = set(), True
    while grew:
        more = {pid for pid, parent in parents.items() if (parent == top or parent in result) and pid not in result}
        result |= more
        grew = bool(more)
    return sorted(result)


def command_line(pid):
    """Program and arguments, for messages."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode(errors="replace").strip()
    except (FileNotFoundError, ProcessLookupError):
        return "gone"


def end(pids):
    """Kills what a failed scenario left, so that the next one starts clean."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def wait_for(fact, what, timeout=10.0):
    """Asks for a fact until it holds and returns it; a test never waits for time alone."""
    deadline = time.monotonic() + timeout
    pause = threading.Event()
    while True:
        last = fact()
        if last:
            return last
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        pause.wait(0.02)
