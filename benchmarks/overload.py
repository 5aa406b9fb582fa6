#!/usr/bin/env python3
"""Ten times what the engines can do, and then what is usual: good answers a second, before, during and after.

Two simulated engines with a few slots each behind Stoker, HAProxy (maxconn a server, timeout queue) and nginx (max_conns;
it has no queue without a licence). Clients come by a schedule, whatever became of those before them; each waits for its
answer for `--patience` seconds, hangs up then, and comes back `--returns` times, after `Retry-After` where it was told so.
An answer is good when its client still waits for it.
"""

import argparse
import contextlib
import os
import resource
import sys
import tempfile

from measuring import ROOT
from proxies import available, between, engines

sys.path.insert(0, str(ROOT / "Tests/Scenarios"))

from crowd import Crowd  # noqa: E402

TTFT, GAP, TOKENS = 0.2, 0.02, 15
SERVICE = TTFT + GAP * (TOKENS - 1)
ENGINES = 2


def measure(name, directory, options):
    """The crowd, and how many requests an engine had at once at most."""
    flags = ["--slots", options.slots, "--ttft", f"{TTFT * 1000:.0f}ms", "--itl", f"{GAP * 1000:.0f}ms", "--tokens", TOKENS]
    with contextlib.ExitStack() as stack:
        found = stack.enter_context(engines(options.stoker, ENGINES, *flags))
        proxy = stack.enter_context(between(
            name, directory, [engine.port for engine in found], options.stoker, engine="simulator", slots=options.slots,
            queue=options.queue))
        crowd = Crowd(proxy.port, patience=options.patience, returns=options.returns).run(
            (options.before, options.usual), (options.overload, 10 * options.capacity), (options.after, options.usual))
        return crowd, max(engine.state()["requests"]["most_in_flight"] for engine in found)


def recovered(crowd, options):
    """Seconds from the end of the overload until 95 % of what is usual is reached, over two seconds; None: never."""
    end = options.before + options.overload
    for half in range(2 * (options.after - 2)):
        if crowd.good(end + half / 2, end + half / 2 + 2) >= 0.95 * options.usual:
            return half / 2
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stoker", default=ROOT / ".build/release/stoker")
    parser.add_argument("--only", help="one of the proxies")
    parser.add_argument("--slots", type=int, default=4, help="of an engine; there are two")
    parser.add_argument("--before", type=int, default=5)
    parser.add_argument("--overload", type=int, default=60, help="seconds")
    parser.add_argument("--after", type=int, default=30)
    parser.add_argument("--patience", type=float, default=5)
    parser.add_argument("--queue", default="30s", help="HAProxy's timeout queue; Stoker's is 30 s")
    parser.add_argument("--returns", type=int, default=2)
    options = parser.parse_args()
    options.capacity = ENGINES * options.slots / SERVICE
    options.usual = 0.8 * options.capacity
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65536), most))
    print(f"{options.capacity:.0f} answers/s is what the engines can do, {options.usual:.0f} are usual; "
          f"{options.overload} s of {10 * options.capacity:.0f}; clients wait {options.patience:g} s, {os.cpu_count()} CPUs")
    print(f"{'':8} {'before':>8} {'during':>8} {'0-5 s':>8} {'5-10 s':>8} {'10-20 s':>8} {'back':>7} {'most at one':>12}")
    with tempfile.TemporaryDirectory(prefix="overload-") as directory:
        for name in available():
            if options.only and name != options.only:
                continue
            crowd, most = measure(name, directory, options)
            start, end = options.before, options.before + options.overload
            rates = [crowd.good(1, start), crowd.good(start + options.overload / 3, end), crowd.good(end, end + 5),
                     crowd.good(end + 5, end + 10), crowd.good(end + 10, min(end + 20, end + options.after))]
            back = recovered(crowd, options)
            print(f"{name:8} " + " ".join(f"{rate:6.1f}/s" for rate in rates)
                  + f" {'never' if back is None else f'{back:.1f} s':>7} {most:>12}", flush=True)


if __name__ == "__main__":
    main()
