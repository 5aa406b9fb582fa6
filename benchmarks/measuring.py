"""What the benchmarks share: free ports, waiting for a server, CPU time of a process and all its descendants."""

import contextlib
import os
import pathlib
import socket
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_listening(port, process):
    for _ in range(200):
        if process.poll() is not None:
            raise SystemExit(f"{process.args} ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise SystemExit(f"{process.args} does not listen on {port}")


def family(pid):
    """The process and all that descends from it."""
    with contextlib.suppress(OSError):
        yield pid
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                for child in file.read().split():
                    yield from family(int(child))


def cpu_nanoseconds(pid):
    """Of all threads that live, user and system, to the nanosecond."""
    total = 0
    for member in family(pid):
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{member}/task"):
                with open(f"/proc/{member}/task/{task}/schedstat") as file:
                    total += int(file.read().split()[0])
    return total


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0
