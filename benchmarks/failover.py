#!/usr/bin/env python3
"""How soon is an engine's failure behind its clients? Stoker, HAProxy, nginx and Caddy under the same client.

One client asks one whole answer after the other, so that each failure is met by the very next request:

- death: one of two engines is killed; how long after it had the next request its answer, over a normal one?
- black hole: packets to one of two vanish; how much longer than a normal request takes the slowest?
- flapping: one of two refuses connections for a second and takes them for the next; what fails, how often is it taken
  out and back? (the latter is Stoker's own record; the others keep none that compares)
- one of three: two are dead in a way that only requests meet, their ports accept and reset; how many requests reach
  them after the first seconds? Health checks are not counted.
- all dead: how long until the refusal, what does it say, what does it cost?
"""

import argparse
import contextlib
import signal
import statistics
import sys
import tempfile
import threading
import time

from measuring import ROOT
from proxies import ALL, available, between, engines, grown

sys.path.insert(0, str(ROOT / "Tests/Scenarios"))

from faultproxy import Fault, FaultProxy  # noqa: E402
from stack import http  # noqa: E402

ENGINE = ["--ttft", "5ms", "--itl", "1ms", "--tokens", "4"]


class Bench:
    """Engines, a fault proxy before each, and one of the peers before those."""

    def __init__(self, name, options, directory, stack, count=2):
        self.engines = stack.enter_context(engines(options.stoker, count, *ENGINE))
        self.ways = [FaultProxy(engine.port) for engine in self.engines]
        for way in self.ways:
            stack.callback(way.close)
        self.proxy = stack.enter_context(between(
            name, directory, [way.port for way in self.ways], options.stoker, patience=3, engine="simulator"))
        self.asked = 0
        self.times = [self.ask()[1] for _ in range(30)]

    @property
    def normal(self):
        return statistics.median(self.times)

    def ask(self):
        """The answer, and the seconds until it was there."""
        began = time.monotonic()
        # Each begins in another way: equal ones would all go to the backend that has their prefix.
        self.asked += 1
        body = {"model": "m", "prompt": f"{self.asked} of many"}
        answer = http(f"http://127.0.0.1:{self.proxy.port}/v1/completions", body, timeout=30)
        return answer, time.monotonic() - began

    def good(self):
        answer, took = self.ask()
        return answer is not None and answer.status == 200, took

    def failures(self, count, most=30):
        """Of so many requests, or of those that fit into `most` seconds: how many were asked, how many failed."""
        asked, bad, end = 0, 0, time.monotonic() + most
        while asked < count and time.monotonic() < end:
            asked, bad = asked + 1, bad + (not self.good()[0])
        return asked, bad


def death(name, options, directory):
    """ms over normal until the next is served, the worst of the rounds; requests that failed."""
    worst, bad = 0.0, 0
    for _ in range(options.rounds):
        with contextlib.ExitStack() as stack:
            bench = Bench(name, options, directory, stack)
            bench.engines[0].process.send_signal(signal.SIGKILL)
            died = time.monotonic()
            while True:
                well, _ = bench.good()
                bad += not well
                if well or time.monotonic() - died > 20:
                    break
            worst = max(worst, time.monotonic() - died - bench.normal)
            bad += bench.failures(20)[1]
    return f"{worst * 1000:7.0f} ms, {bad} failed"


def black_hole(name, options, directory):
    with contextlib.ExitStack() as stack:
        bench = Bench(name, options, directory, stack)
        bench.ways[0].inject(Fault("blackhole"))
        bench.ways[0].reset_open()
        answers = [bench.good() for _ in range(50)]
        slowest = max(took for _, took in answers) - bench.normal
        return f"{slowest * 1000:7.0f} ms, {sum(not well for well, _ in answers)} failed"


def flapping(name, options, directory):
    with contextlib.ExitStack() as stack:
        bench = Bench(name, options, directory, stack)
        stopping = threading.Event()

        def flap():
            while not stopping.is_set():
                bench.ways[0].inject(Fault("refuse"))
                bench.ways[0].reset_open()
                stopping.wait(1)
                bench.ways[0].clear()
                stopping.wait(1)

        thread = threading.Thread(target=flap)
        thread.start()
        bad, asked, end = 0, 0, time.monotonic() + options.flapping
        while time.monotonic() < end:
            bad, asked = bad + (not bench.good()[0]), asked + 1
            time.sleep(0.02)
        stopping.set()
        thread.join()
        changes = f", {bench.proxy.transitions} transitions" if name == "stoker" else ""
        return f"{bad} of {asked} failed{changes}"


def one_of_three(name, options, directory):
    with contextlib.ExitStack() as stack:
        bench = Bench(name, options, directory, stack, count=3)
        faults = [way.inject(Fault("reset", match=b"POST ")) for way in bench.ways[1:]]
        _, early = bench.failures(50)
        time.sleep(3)
        before = sum(fault.hits for fault in faults)
        asked, late = bench.failures(200)
        return f"met {sum(fault.hits for fault in faults) - before} times by {asked}, {early + late} failed"


def all_dead(name, options, directory):
    with contextlib.ExitStack() as stack:
        bench = Bench(name, options, directory, stack)
        for engine in bench.engines:
            engine.process.send_signal(signal.SIGKILL)
        for way in bench.ways:
            way.reset_open()
        bench.ask()
        time.sleep(1)
        cpu, resident = bench.proxy.cpu, bench.proxy.resident
        began = time.monotonic()
        answers = [bench.ask() for _ in range(500 if name != "caddy" else 5)]
        share = (bench.proxy.cpu - cpu) / 1e9 / (time.monotonic() - began)
        statuses = {answer.status if answer else None for answer, _ in answers}
        slowest = max(took for _, took in answers)
        return (f"{slowest * 1000:7.0f} ms, {'/'.join(map(str, statuses))}, {100 * share:.0f} % of a core,"
                f" {grown(resident, bench.proxy.resident):+.1f} MiB")


QUESTIONS = {
    "death": (death, "next answer after a death, worst"),
    "blackhole": (black_hole, "slowest with a black hole"),
    "flapping": (flapping, "flapping, 1 s and 1 s"),
    "three": (one_of_three, "one of three is well"),
    "dead": (all_dead, "all dead: slowest refusal"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stoker", default=str(ROOT / ".build/release/stoker"), help="the release program")
    parser.add_argument("--rounds", type=int, default=10, help="of deaths")
    parser.add_argument("--flapping", type=float, default=30, help="seconds of it; 600 is what the figure is made for")
    parser.add_argument("--only", choices=QUESTIONS, help="one question")
    parser.add_argument("names", nargs="*", help="stoker, haproxy, nginx, caddy; all when none is named")
    options = parser.parse_args()
    for name in options.names or available(ALL):
        with tempfile.TemporaryDirectory(prefix="failover-") as directory:
            for key, (question, title) in QUESTIONS.items():
                if options.only in (None, key):
                    print(f"  {name:8} {title:34} {question(name, options, directory)}", flush=True)


if __name__ == "__main__":
    main()
