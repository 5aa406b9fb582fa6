#!/usr/bin/env python3
"""All primaries are killed with kill -9: how long until the first request is served by the standby?

Warm: two simulated engines and a standby behind Stoker, HAProxy (`backup`) and nginx (`backup`), which all have the same
client: it asks, and when it is refused it asks again at once. The clock starts at the kill of the last primary.
Cold: Stoker starts the standby itself; beside the time stands that of the same command started by hand, from its start
to its first answer. HAProxy and nginx start nothing.
"""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from measuring import ROOT, free_port, wait_until_listening
from proxies import available, engines, start_nginx, wait_until_ready

BODY = json.dumps({"model": "m", "prompt": "hello", "max_tokens": 1})


def ask(port, timeout=30):
    """Whether it was answered with 200, and by the engine on which port."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(client):
        client.request("POST", "/v1/completions", BODY, {"content-type": "application/json"})
        answer = client.getresponse()
        answer.read()
        return answer.status == 200
    return False


def until_served(port, began, patience=60):
    """Seconds from `began` to the first answer, and how many requests were refused before."""
    refused = 0
    while time.monotonic() - began < patience:
        if ask(port):
            return time.monotonic() - began, refused
        refused += 1
        time.sleep(0.005)
    raise SystemExit("nobody serves")


class Peer:
    """HAProxy or nginx with two servers and a backup."""

    def __init__(self, name, directory, ports):
        self.port = free_port()
        here = pathlib.Path(tempfile.mkdtemp(dir=directory))
        *first, backup = ports
        if name == "haproxy":
            config = here / "haproxy.cfg"
            lines = "".join(f"  server b{p} 127.0.0.1:{p} check inter 1s fall 2 rise 1\n" for p in first)
            config.write_text(
                "defaults\n  mode http\n  timeout connect 1s\n  timeout client 60s\n  timeout server 60s\n"
                "  retries 3\n  option redispatch 1\n  retry-on all-retryable-errors\n"
                f"listen l\n  bind 127.0.0.1:{self.port}\n  balance leastconn\n{lines}"
                f"  server b{backup} 127.0.0.1:{backup} check inter 1s fall 2 rise 1 backup\n")
            self.process = subprocess.Popen(["haproxy", "-q", "-db", "-f", config])
        else:
            servers = " ".join(f"server 127.0.0.1:{p} max_fails=1 fail_timeout=10s;" for p in first)
            self.process = start_nginx(
                here, "proxy", 2,
                f"upstream u {{ least_conn; {servers} server 127.0.0.1:{backup} backup; keepalive 64; }}\n"
                f"server {{ listen 127.0.0.1:{self.port}; location / {{ proxy_pass http://u; proxy_http_version 1.1;\n"
                "proxy_set_header Connection ''; proxy_connect_timeout 1s;\n"
                "proxy_next_upstream error timeout http_502 http_503 http_504 non_idempotent; } }")
        wait_until_listening(self.port, self.process)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


class Stoker:
    """`stoker run`: attached engines for warm, engines of its own for cold."""

    def __init__(self, directory, stoker, processes, model):
        self.port, self.admin = free_port(), free_port()
        here = pathlib.Path(tempfile.mkdtemp(dir=directory))
        plan = {
            "state_dir": str(here / "state"), "runtime_dir": str(here / "run"),
            "gateway": {"listen": f"127.0.0.1:{self.port}"}, "admin": {"listen": f"127.0.0.1:{self.admin}"},
            "processes": processes, "models": {"m": model}}
        config = here / "stoker.yaml"
        config.write_text(json.dumps(plan))
        with (here / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [stoker, "run", "--config", config], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until_listening(self.admin, self.process)
        wait_until_ready(self.admin)

    def pid(self, name):
        client = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=10)
        client.request("GET", "/api/v1/status")
        return next(p["pid"] for p in json.loads(client.getresponse().read())["processes"] if p["name"] == name)

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


def warm(name, directory, options):
    with engines(options.stoker, 3, "--ttft", "1ms") as three:
        ports = [engine.port for engine in three]
        if name == "stoker":
            processes = {f"b{p}": {"engine": "simulator", "url": f"http://127.0.0.1:{p}"} for p in ports}
            names = list(processes)
            proxy = Stoker(directory, options.stoker, processes, {"backends": names[:2], "standby": names[2:]})
        else:
            proxy = Peer(name, directory, ports)
        try:
            # The peers have to have seen that all are well.
            time.sleep(2)
            for _ in range(20):
                ask(proxy.port)
            for engine in three[:2]:
                os.kill(engine.process.pid, signal.SIGKILL)
            return until_served(proxy.port, time.monotonic())
        finally:
            proxy.stop()


def load_time(options):
    """From the start of the standby's command to its first answer, without anybody around it."""
    port, began = free_port(), time.monotonic()
    process = subprocess.Popen(
        [options.stoker, "simulate", "--model", "m", "--listen", f"127.0.0.1:{port}", "--startup", options.load],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return until_served(port, began)[0]
    finally:
        process.terminate()
        process.wait(20)


def cold(directory, options):
    """The primaries take ten times as long to load, so they do not answer before the standby."""
    engine = lambda *flags, **keys: {  # noqa: E731
        "engine": "simulator", "port": free_port(), "added_arguments": list(flags), **keys}
    processes = {
        **{name: engine("--startup", options.primary) for name in "ab"},
        "c": engine("--startup", options.load, standby="cold")}
    stoker = Stoker(directory, options.stoker, processes, {"backends": ["a", "b"], "standby": ["c"]})
    try:
        pids = [stoker.pid(name) for name in "ab"]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return until_served(stoker.port, time.monotonic())
    finally:
        stoker.stop()


def shown(name, rows):
    times = sorted(seconds for seconds, _ in rows)
    print(f"  {name:28} median {statistics.median(times) * 1000:7.0f} ms, most {times[-1] * 1000:7.0f} ms,"
          f" requests refused: {' '.join(str(refused) for _, refused in rows)}", flush=True)
    return times[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stoker", default=str(ROOT / ".build/release/stoker"), help="the program to measure")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--load", default="2s", help="what the cold standby takes to load")
    parser.add_argument("--primary", default="8s", help="what the primaries take to load")
    parser.add_argument("--check", action="store_true", help="fail over a second, warm or beyond the load")
    options = parser.parse_args()
    worst = 0.0
    with tempfile.TemporaryDirectory(prefix="standby-") as directory:
        print(f"All primaries killed, {options.rounds} rounds: time to the first request served")
        for name in available():
            most = shown(f"warm, {name}", [warm(name, directory, options) for _ in range(options.rounds)])
            worst = max(worst, most if name == "stoker" else 0)
        loads = [load_time(options) for _ in range(options.rounds)]
        shown("the cold one's load by hand", [(seconds, 0) for seconds in loads])
        most = shown("cold, stoker", [cold(directory, options) for _ in range(options.rounds)])
        beyond = most - statistics.median(loads)
        print(f"  cold: at most {beyond * 1000:.0f} ms beyond the load")
    return 1 if options.check and max(worst, beyond) > 1 else 0


if __name__ == "__main__":
    sys.exit(main())
