#!/usr/bin/env python3
"""From the crash of a process to the first line of its successor: Stoker beside runit, s6 and supervisord.

Each supervises the same bash script, which writes the time of its first line and sleeps. All run at once and idle; in
each round one after the other is struck: kill -9, and the time until the script's next line, by the script's own clock
(EPOCHREALTIME), most of which is bash itself starting. Every child has run for more than a second before it is struck,
for runit, s6 and supervisord delay the restart of one that has not.

A peer that is not installed is named and left out. With --check the exit code is 1 if Stoker's median is above runit's.
"""

import argparse
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
SETTLED = 1.2
PATIENCE = 20

CHILD = """#!/bin/bash
echo "$EPOCHREALTIME $$" >{fifo}
exec sleep 100000
"""

STOKER_CONFIG = """
state_dir: {here}/state
runtime_dir: {here}/run
gateway: {{ listen: "127.0.0.1:{port}" }}
admin: {{ listen: off }}
processes:
  child:
    kind: other
    command: [{child}]
    restart: {{ stable_after: 1s, give_up: {{ starts: 1000, within: 1m }} }}
"""

SUPERVISORD_CONFIG = """
[supervisord]
nodaemon=true
logfile={here}/supervisord.log
pidfile={here}/supervisord.pid
[program:child]
command={child}
autorestart=true
startsecs=1
stdout_logfile={here}/child.log
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Supervised:
    """The script under one supervisor, in a directory of its own."""

    def __init__(self, name, here):
        self.name = name
        self.here = here / name
        self.here.mkdir()
        fifo = self.here / "lines"
        os.mkfifo(fifo)
        # For writing too, so that there is no end of file between two children.
        self.lines = os.fdopen(os.open(fifo, os.O_RDWR), "rb", buffering=0)
        self.child = self.here / "child"
        self.child.write_text(CHILD.format(fifo=fifo))
        self.child.chmod(0o755)
        command, environment = getattr(self, f"_{name}")()
        with (self.here / "output").open("wb") as output:
            self.supervisor = subprocess.Popen(
                command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd=self.here,
                env=os.environ | environment, start_new_session=True)
        self.pid = self.next_line()[1]

    def _runit(self):
        service = self.here / "service"
        service.mkdir()
        (service / "run").symlink_to(self.child)
        return ["runsv", str(service)], {}

    def _s6(self):
        service = self.here / "service"
        service.mkdir()
        (service / "run").symlink_to(self.child)
        return ["s6-supervise", str(service)], {}

    def _supervisord(self):
        config = self.here / "supervisord.conf"
        config.write_text(SUPERVISORD_CONFIG.format(here=self.here, child=self.child))
        return ["supervisord", "-c", str(config)], {}

    def _stoker(self):
        config = self.here / "stoker.yaml"
        config.write_text(STOKER_CONFIG.format(here=self.here, child=self.child, port=free_port()))
        return [str(STOKER), "run", "--config", str(config)], {}

    def next_line(self):
        """Time and PID of the next child."""
        deadline = time.monotonic() + PATIENCE
        line = b""
        os.set_blocking(self.lines.fileno(), False)
        while not line.endswith(b"\n"):
            if time.monotonic() > deadline:
                output = (self.here / "output").read_text(errors="replace")
                raise SystemExit(f"{self.name}: no line of its child in {PATIENCE} s\n{output}")
            line += self.lines.read() or b""
            # The child's own clock counts: looking every millisecond costs no precision.
            time.sleep(0.001)
        moment, pid = line.split()[-2:]
        return float(moment), int(pid)

    def strike(self):
        """Kills the child; returns milliseconds until the next one's line."""
        began = time.time()
        os.kill(self.pid, signal.SIGKILL)
        moment, self.pid = self.next_line()
        self.settled = time.monotonic() + SETTLED
        return (moment - began) * 1000

    def stop(self):
        # runsv and s6-supervise leave their child to itself when they are terminated.
        self.supervisor.terminate()
        try:
            self.supervisor.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.supervisor.kill()
            self.supervisor.wait()
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.lines.close()


def measure(names, rounds):
    with tempfile.TemporaryDirectory(prefix="restart-") as here:
        stacks = []
        try:
            for name in names:
                stacks.append(Supervised(name, pathlib.Path(here)))
            times = {name: [] for name in names}
            for turn in range(rounds):
                time.sleep(SETTLED)
                # There and back, lest one of them should always come after the same other.
                for stack in stacks if turn % 2 == 0 else reversed(stacks):
                    times[stack.name].append(stack.strike())
            return times
        finally:
            for stack in stacks:
                stack.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30, help="kills for each supervisor")
    parser.add_argument("--stoker", default=ROOT / ".build/release/stoker", help="the program to measure")
    parser.add_argument("--check", action="store_true", help="fail if Stoker's median is above runit's")
    options = parser.parse_args()
    global STOKER
    STOKER = pathlib.Path(options.stoker).resolve()

    programs = {"runit": "runsv", "s6": "s6-supervise", "supervisord": "supervisord"}
    names = ["stoker"]
    for name, program in programs.items():
        if shutil.which(program):
            names.append(name)
        else:
            print(f"{name} is left out: {program} is not installed")
    times = measure(names, options.rounds)

    print(f"crash to the child's first line, {options.rounds} kills each, milliseconds")
    print(f"{'':12}{'median':>10}{'p90':>10}{'worst':>10}")
    for name in names:
        ordered = sorted(times[name])
        print(f"{name:12}{statistics.median(ordered):10.2f}{ordered[int(len(ordered) * 0.9)]:10.2f}{ordered[-1]:10.2f}")
    if "runit" not in names:
        return 0
    ratio = statistics.median(times["stoker"]) / statistics.median(times["runit"])
    print(f"Stoker / runit: {ratio:.2f}")
    return 1 if options.check and ratio > 1 else 0


if __name__ == "__main__":
    sys.exit(main())
