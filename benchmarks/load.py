#!/usr/bin/env python3
"""What `stoker load` costs and how right it is, beside Locust, wrk and hey in the same run.

The server is `stoker simulate`, pinned to the last processor; whoever asks is pinned to the first, one after the other.
Costs are CPU time of the asking process and its descendants. The truth is known: 300 ms to the first of eleven tokens,
then one each 200 ms, so each stream takes 2300 ms.

Needs hey and wrk from Debian; Locust from PyPI (`--locust PATH` names the program). A peer that is not there is named
and left out.
"""

import argparse
import contextlib
import csv
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time

from measuring import ROOT, cpu_nanoseconds, free_port, resident_mib, wait_until_listening

TRUTH_MS = 2300
EVENTS = 12


class Asked:
    """A finished program: its output, its CPU time, the most memory it held, and its memory along the way."""

    def __init__(self, command, processor=0, limit=300):
        self.status = None
        cpu, resident = 0, []
        with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
            began = time.monotonic()
            process = subprocess.Popen(
                ["taskset", "-c", str(processor), *map(str, command)], stdout=output, stderr=errors, text=True)
            while process.poll() is None:
                with contextlib.suppress(OSError):
                    cpu = max(cpu, cpu_nanoseconds(process.pid))
                    resident.append(resident_mib(process.pid))
                if time.monotonic() - began > limit:
                    process.kill()
                    raise SystemExit(f"{command[0]} did not end within {limit} s")
                time.sleep(0.05)
            self.wall = time.monotonic() - began
            output.seek(0)
            errors.seek(0)
            self.output, self.errors = output.read(), errors.read()
        self.status, self.cpu = process.returncode, cpu / 1e9
        self.resident, self.peak = resident, max(resident, default=0)


@contextlib.contextmanager
def simulator(stoker, *options, processor):
    port = free_port()
    process = subprocess.Popen(
        ["taskset", "-c", str(processor), stoker, "simulate", "--model", "m", "--listen", f"127.0.0.1:{port}",
         *map(str, options)], stderr=subprocess.DEVNULL)
    try:
        wait_until_listening(port, process)
        yield port, process
    finally:
        process.terminate()
        process.wait()


def load(stoker, port, *options, path="", processor=0):
    """Runs `stoker load run`, and returns what ran and its report."""
    with tempfile.TemporaryDirectory() as here:
        report = pathlib.Path(here) / "report.json"
        asked = Asked(
            [stoker, "load", "run", "--url", f"http://127.0.0.1:{port}{path}", "--model", "m", "--ui", "none",
             "--json", report, *options], processor)
        if not report.exists():
            raise SystemExit(f"stoker load wrote no report (exit {asked.status}): {asked.errors[-2000:]}")
        return asked, json.loads(report.read_text())


def streams(arguments, processors):
    users, seconds = arguments.users, arguments.seconds
    print(f"{users} users, each a stream of {EVENTS} events in {TRUTH_MS} ms, {seconds} s")
    options = ["--ttft", "300ms", "--itl", "200ms", "--tokens", 11]
    with simulator(arguments.stoker, *options, processor=processors[-1]) as (port, _):
        asked, report = load(
            arguments.stoker, port, "--endpoint-type", "completions", "--users", users, "--spawn-rate", users / 4,
            "--input-len", 8, "-d", f"{seconds}s", "--output-len", 11, processor=processors[0])
    count = report["completed"]
    ours = asked.cpu / max(1, count) * 1e6
    p99 = report["p99_e2el_ms"]
    half = asked.resident[len(asked.resident) // 2:]
    print(f"  stoker  {count} streams  {ours:.0f} us of CPU a stream  p99 {p99:.1f} ms, off by {p99 - TRUTH_MS:+.1f}"
          f"  {asked.peak:.0f} MiB, {max(half) - min(half):.1f} MiB of growth in the second half")
    print(f"  stoker  verdict {report['verdict']['level']}, exit {asked.status}")
    if not arguments.locust:
        print("  locust  not there; install it from PyPI and name it with --locust")
        return
    with simulator(arguments.stoker, *options, processor=processors[-1]) as (port, _), \
            tempfile.TemporaryDirectory() as here:
        asked = Asked(
            [arguments.locust, "--headless", "-f", ROOT / "benchmarks/locust_stream.py", "--host",
             f"http://127.0.0.1:{port}", "-u", users, "-r", users / 4, "-t", f"{seconds}s", "--csv", f"{here}/l",
             "--only-summary", "--stop-timeout", 5], processors[0])
        stats = pathlib.Path(here) / "l_stats.csv"
        if not stats.exists():
            raise SystemExit(f"locust wrote no statistics: {asked.errors[-2000:]}")
        rows = list(csv.DictReader(stats.open()))
    row = next((row for row in rows if row["Name"] == "stream"), None)
    if row is None:
        raise SystemExit(f"locust read no stream: {rows} {asked.errors[-2000:]}")
    theirs = asked.cpu / max(1, int(row["Request Count"])) * 1e6
    print(f"  locust  {row['Request Count']} streams  {theirs:.0f} us of CPU a stream  p99 {row['99%']} ms, off by "
          f"{float(row['99%']) - TRUTH_MS:+.0f}  ratio {ours / theirs:.3f}")


def fast_streams(arguments, processors):
    users, seconds = arguments.users, arguments.seconds
    print(f"{users} users x 50 tokens/s, {seconds} s")
    options = ["--ttft", "100ms", "--itl", "20ms", "--tokens", 500]
    with simulator(arguments.stoker, *options, processor=processors[-1]) as (port, server):
        began, before = time.monotonic(), cpu_nanoseconds(server.pid)
        asked, report = load(
            arguments.stoker, port, "--endpoint-type", "completions", "--users", users, "--spawn-rate", users / 4,
            "--input-len", 8, "-d", f"{seconds}s", "--grace", "20s", "--output-len", 500, processor=processors[0])
        server_cores = (cpu_nanoseconds(server.pid) - before) / 1e9 / (time.monotonic() - began)
    events = report["total_output_tokens"]
    tpot = report["mean_tpot_ms"]
    print(f"  stoker  {events} events, {events / asked.wall:.0f} a second  {asked.cpu / asked.wall:.2f} cores  "
          f"{asked.cpu / max(1, events) * 1e6:.2f} us an event  tpot {tpot:.2f} ms  {asked.peak:.0f} MiB  "
          f"verdict {report['verdict']['level']}  (simulator: {server_cores:.2f} cores)")


def unary(arguments, processors):
    seconds, connections = arguments.seconds, 64
    print(f"unary, {connections} connections, {seconds} s: requests for each second of the asking program's CPU")
    with simulator(arguments.stoker, processor=processors[-1]) as (port, _):
        asked, report = load(
            arguments.stoker, port, "--endpoint-type", "http", "--concurrency", connections, "-d", f"{seconds}s",
            path="/ping", processor=processors[0])
        ours = report["completed"] / asked.cpu
        print(f"  stoker  {report['completed'] / seconds:.0f}/s  {ours:.0f} per CPU second")
        url = f"http://127.0.0.1:{port}/ping"
        if shutil.which("wrk"):
            asked = Asked(["wrk", "-t", 1, "-c", connections, "-d", f"{seconds}s", "--latency", url], processors[0])
            count = int(re.search(r"(\d+) requests in", asked.output).group(1))
            print(f"  wrk     {count / seconds:.0f}/s  {count / asked.cpu:.0f} per CPU second  "
                  f"ratio stoker/wrk {ours / (count / asked.cpu):.2f}")
        if shutil.which("hey"):
            asked = Asked(["hey", "-cpus", 1, "-c", connections, "-z", f"{seconds}s", url], processors[0])
            # It stops printing times after a million, but counts.
            count = sum(int(number) for number in re.findall(r"\[\d+\]\s+(\d+) responses", asked.output))
            print(f"  hey     {count / seconds:.0f}/s  {count / asked.cpu:.0f} per CPU second  "
                  f"ratio stoker/hey {ours / (count / asked.cpu):.2f}")


def stalled(arguments, processors):
    """Open loop, the server frozen for a while: quantile q of the waits is S (q - (1 - f)) / f, f the late share."""
    seconds, stall = 40, 8
    print(f"server frozen for {stall} s of {seconds}, 300 requests/s")
    with simulator(arguments.stoker, "--ttft", "5ms", "--itl", "1ms", "--tokens", 2, processor=processors[-1]) as (
            port, _):
        def freeze():
            time.sleep(10)
            subprocess.run(
                ["curl", "-sf", "-X", "POST", f"http://127.0.0.1:{port}/simulator/faults", "-d",
                 json.dumps({"fault": "stall-all", "for": f"{stall}s"})], check=True, stdout=subprocess.DEVNULL)

        thread = threading.Thread(target=freeze)
        thread.start()
        _, report = load(
            arguments.stoker, port, "--endpoint-type", "completions", "--request-rate", 300, "--arrival", "constant",
            "-d", f"{seconds}s", "--output-len", 2, processor=processors[0])
        thread.join()
    share = stall / seconds
    ttft = next(row for row in report["distributions"] if row["measure"] == "ttft")
    for fraction in (0.99, 0.999):
        truth = stall * (fraction - (1 - share)) / share * 1000
        seen = next(row["value"] for row in ttft["quantiles"] if abs(row["fraction"] - fraction) < 1e-9)
        print(f"  ttft p{fraction * 100:g}: {seen:.0f} ms, closed form {truth:.0f} ms, off by "
              f"{(seen / truth - 1) * 100:+.2f} %")


def starved(arguments, processors):
    rounds = 5
    print(f"starved to a tenth of a core, {rounds} times; then left alone, {rounds} times")
    verdicts = {True: [], False: []}
    with simulator(arguments.stoker, "--ttft", "20ms", "--itl", "5ms", "--tokens", 20, processor=processors[-1]) as (
            port, _):
        for hungry in (True, False):
            for _ in range(rounds):
                with starving(hungry) as prefix:
                    with tempfile.TemporaryDirectory() as here:
                        report = pathlib.Path(here) / "report.json"
                        asked = Asked(
                            [*prefix, arguments.stoker, "load", "run", "--url", f"http://127.0.0.1:{port}", "--model",
                             "m", "--ui", "none", "--json", report, "--endpoint-type", "completions",
                             "--request-rate", 1000, "-d", "6s", "--output-len", 20], processors[0])
                        verdicts[hungry].append((json.loads(report.read_text())["verdict"]["level"], asked.status))
    for hungry, found in verdicts.items():
        rows = ", ".join(f"{level} (exit {code})" for level, code in found)
        print(f"  {'starved' if hungry else 'healthy'}: {rows}")


@contextlib.contextmanager
def starving(is_hungry):
    """A cgroup with a tenth of a core, as a prefix for the command that is to live in it."""
    if not is_hungry:
        yield []
        return
    root = pathlib.Path("/sys/fs/cgroup")
    is_unified = (root / "cgroup.controllers").exists()
    group = (root if is_unified else root / "cpu") / f"stoker-bench-{os.getpid()}"
    group.mkdir()
    try:
        if is_unified:
            (group / "cpu.max").write_text("10000 100000")
        else:
            (group / "cpu.cfs_quota_us").write_text("10000")
        yield ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"]
    finally:
        group.rmdir()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stoker", default=ROOT / ".build/release/stoker", type=pathlib.Path)
    parser.add_argument("--locust", default=shutil.which("locust") or venv_locust())
    parser.add_argument("--users", type=int, default=2000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("parts", nargs="*", help="streams, fast, unary, stall, starve; all when none is named")
    arguments = parser.parse_args()
    processors = sorted(os.sched_getaffinity(0))
    parts = {"streams": streams, "fast": fast_streams, "unary": unary, "stall": stalled, "starve": starved}
    for name in arguments.parts or parts:
        parts[name](arguments, processors)


def venv_locust():
    path = ROOT / ".venv-bench/bin/locust"
    return path if path.exists() else None


if __name__ == "__main__":
    main()
