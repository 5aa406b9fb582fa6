#!/usr/bin/env python3
"""Does the gateway grow? Traffic of every kind, faults included, for as long as asked; its memory along the way.

Two simulated engines stand behind fault proxies and `stoker run`. Eight clients ask whole answers and streams, leave
in the middle, send nonsense, and ask for faults; every minute the way to one engine breaks in another way. The first
fifth of the time fills pools and caches and does not count. A slope over an hour is worth believing, one over a
minute is not.
"""

import argparse
import os
import pathlib
import sys
import tempfile
import threading
import time

from measuring import ROOT

os.environ.setdefault("STOKER_PROGRAMS", ".build/release")
sys.path.insert(0, str(ROOT / "Tests/Scenarios"))

from faultproxy import Fault  # noqa: E402
from mixed import Traffic, resident_kib, slope  # noqa: E402
from simulators import Rig  # noqa: E402
from stack import Stack  # noqa: E402

# What happens to the way to engine `a`, one after the other.
WEATHER = [
    Fault("reset"), Fault("reset", events=3), Fault("cut", events=5), Fault("stall", events=4), Fault("slice", size=3),
    Fault("refuse"), Fault("latency", delay=0.05), Fault("corrupt", byte=30), Fault("half_close", events=2),
]


def weather(rig, every, stopping):
    """Breaks and mends until told to stop."""
    number = 0
    while not stopping.wait(every / 2):
        fault = WEATHER[number % len(WEATHER)]
        rig.proxies["a"].inject(fault)
        stopping.wait(every / 2)
        rig.proxies["a"].clear()
        number += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--weather", type=float, default=60, help="seconds from one fault of the way to the next")
    parser.add_argument("--limit", type=float, default=1024, help="KiB an hour that --check allows")
    parser.add_argument("--check", action="store_true", help="fail over the limit, or when a sound request failed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="s") as directory:
        stack = []

        def make(*arguments):
            stack.append(Stack(pathlib.Path(directory), *arguments))
            return stack[0]

        deadlines = {"connect": "1s", "first_token": "5s", "stall": "2s"}
        rig = Rig(make, "--ttft", "10ms", "--itl", "5ms", "--tokens", "16", deadlines=deadlines)
        pid, stopping = rig.gateway_pid(), threading.Event()
        traffic = Traffic(rig.port, workers=options.clients)
        changing = threading.Thread(target=weather, args=(rig, options.weather, stopping))
        changing.start()
        try:
            samples = sample(pid, options.minutes * 60, traffic)
        finally:
            stopping.set()
            changing.join()
            traffic.stop()
            same = rig.gateway_pid() == pid
            rig.close()
            stack[0].stop()
    kept = [s for s in samples if s[0] > options.minutes * 60 / 5]
    hourly = slope(kept) * 3600
    print(f"{traffic.total} requests ({traffic.counts}), {len(traffic.failures)} sound ones failed")
    for failure in traffic.failures[:5]:
        print(f"  {failure[:300]}")
    print(f"gateway: {kept[0][1]} KiB then {kept[-1][1]} KiB, most {max(k for _, k in samples)}; "
          f"slope {hourly:+.0f} KiB an hour, over {(kept[-1][0] - kept[0][0]) / 60:.1f} min; "
          f"{'the same process' if same else 'IT WAS RESTARTED'}")
    bad = hourly > options.limit or traffic.failures or not same
    return 1 if options.check and bad else 0


def sample(pid, seconds, traffic):
    """Pairs of seconds and KiB; a line now and then."""
    began, samples, said = time.monotonic(), [], 0.0
    while (now := time.monotonic() - began) < seconds:
        samples.append((now, resident_kib(pid)))
        if now - said >= max(10, seconds / 30):
            said = now
            print(f"  {now / 60:6.1f} min  {samples[-1][1]:8} KiB  {traffic.total:9} requests", flush=True)
        time.sleep(1)
    return samples


if __name__ == "__main__":
    sys.exit(main())
