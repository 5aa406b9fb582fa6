#!/usr/bin/env python3
"""How long a canary that fails 1 in 20 first attempts lives, at 10 requests a second, against the real programs.

Two simulated engines are stable, a third is the canary and answers each 20th request with a 500. Clients come in an open
loop, each request with a key of its own, at random times (exponential gaps). Each round begins a canary with the default
steps and waits until it is rolled back. What clients got is counted: none may have noticed.

With --check the exit code is 1 if a round took longer than 60 s or a client got an error; the promise is 95 of 100
rounds, so a few rounds may break it by chance: docs/failover.md has the simulated distribution.
"""

import argparse
import concurrent.futures
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

from measuring import ROOT, free_port, wait_until_listening

RATE = 10.0
PATIENCE = 240


class Clients:
    """An open loop of unary requests."""

    def __init__(self, url, rate, seed):
        self.url, self.rate, self.random = url, rate, random.Random(seed)
        self.over = threading.Event()
        self.asked, self.failed = 0, 0
        self.lock = threading.Lock()
        self.pool = concurrent.futures.ThreadPoolExecutor(32)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        due = time.monotonic()
        number = 0
        while not self.over.is_set():
            due += self.random.expovariate(self.rate)
            time.sleep(max(0.0, due - time.monotonic()))
            number += 1
            self.pool.submit(self.ask, number)

    def ask(self, number):
        body = json.dumps({"model": "m", "prompt": f"question {number}", "max_tokens": 4}).encode()
        headers = {"content-type": "application/json", "authorization": f"Bearer {self.random.random()}"}
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url, body, headers), timeout=30) as answer:
                good = answer.status == 200 and b"choices" in answer.read()
        except (OSError, urllib.error.HTTPError):
            good = False
        with self.lock:
            self.asked += 1
            self.failed += 0 if good else 1

    def stop(self):
        self.over.set()
        self.thread.join()
        self.pool.shutdown()


def read(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def wait_until(done, what, timeout=30):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        try:
            if done():
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise SystemExit(f"not in {timeout} s: {what}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", default=".build/release", help="where stoker lies")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--every", type=int, default=20, help="the canary fails each so-manieth request")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    stoker = str(ROOT / options.programs / "stoker")
    with tempfile.TemporaryDirectory(prefix="canary-") as here:
        here = pathlib.Path(here)
        gateway, admin = free_port(), free_port()
        ports = {name: free_port() for name in ("a", "b", "new")}
        flags = {name: ["--fault", f"error every={options.every}"] if name == "new" else [] for name in ports}
        engines = [
            subprocess.Popen(
                [stoker, "simulate", "--model", "m", "--listen", f"127.0.0.1:{port}", "--ttft", "lognormal:50ms,20ms",
                 "--itl", "5ms", *flags[name]], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            for name, port in ports.items()]
        config = here / "stoker.yaml"
        config.write_text(json.dumps({
            "state_dir": str(here / "state"), "runtime_dir": str(here / "run"),
            "gateway": {"listen": f"127.0.0.1:{gateway}"}, "admin": {"listen": f"127.0.0.1:{admin}"},
            "processes": {n: {"engine": "vllm", "url": f"http://127.0.0.1:{p}"} for n, p in ports.items()},
            "models": {"m": {"backends": ["a", "b"], "canary": ["new"]}}}))
        daemon = None
        try:
            for engine, port in zip(engines, ports.values()):
                wait_until_listening(port, engine)
            daemon = subprocess.Popen([stoker, "run", "--config", str(config)], stderr=subprocess.DEVNULL)
            wait_until(lambda: read(f"http://127.0.0.1:{admin}/readyz")["ready"], "ready")
            status = f"http://127.0.0.1:{admin}/api/v1/status"
            wait_until(lambda: all(p["state"] == "ready" for p in read(status)["processes"]), "all ready")
            failures = rounds(stoker, config, gateway, admin, options)
        finally:
            for process in [daemon, *engines]:
                if process is not None:
                    process.terminate()
                    process.wait(30)
    sys.exit(1 if options.check and failures else 0)


def rounds(stoker, config, gateway, admin, options):
    times, failures = [], 0
    for number in range(options.rounds):
        clients = Clients(f"http://127.0.0.1:{gateway}/v1/completions", RATE, number)
        time.sleep(2)
        subprocess.run([stoker, "canary", "start", "m", "--config", str(config)], check=True, capture_output=True)
        began = time.monotonic()

        def state():
            return read(f"http://127.0.0.1:{admin}/api/v1/canaries")["canaries"][0]

        wait_until(lambda: state()["state"] != "running", "the canary ended", PATIENCE)
        took = time.monotonic() - began
        clients.stop()
        now = state()
        print(
            f"round {number + 1}: {now['state']} after {took:.1f} s; canary {now['canary']['failed']} of "
            f"{now['canary']['firstAttempts']} failed, stable {now['stable']['failed']} of "
            f"{now['stable']['firstAttempts']}; evidence {now['evidence']:.0f}; clients: {clients.failed} of "
            f"{clients.asked} failed", flush=True)
        times.append(took)
        failures += now["state"] != "rolled-back" or took > 60 or clients.failed > 0
        if now["state"] != "rolled-back":
            subprocess.run([stoker, "canary", "abort", "m", "--config", str(config)], check=True, capture_output=True)
    print(
        f"{options.rounds} rounds: median {statistics.median(times):.1f} s, longest {max(times):.1f} s; "
        f"{sum(t <= 60 for t in times)} within 60 s")
    return failures


if __name__ == "__main__":
    main()
