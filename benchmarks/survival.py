#!/usr/bin/env python3
"""One of two engines dies (kill -9) or freezes (SIGSTOP) with a hundred requests in flight: what do the clients see?

The same client and the same two simulated engines behind Stoker, HAProxy (with retries of all kinds) and nginx (which
may ask the next upstream, POST included), each with the same patience for a silent engine. A stream is broken when it
does not end as it should or says anything but what an unbroken one says; the engines answer the same, so that is
known.
"""

import argparse
import signal
import statistics
import sys
import tempfile
import time

from measuring import ROOT
from proxies import available, between, engines

sys.path.insert(0, str(ROOT / "Tests/Scenarios"))

from load import Burst, failed  # noqa: E402
from processes import wait_for  # noqa: E402
from streams import Streams  # noqa: E402

SIGNALS = {"kill -9": signal.SIGKILL, "SIGSTOP": signal.SIGSTOP}
KINDS = ["unary", "streams"]
TOKENS = 100


class At:
    """A gateway's address in the form that Burst asks for."""

    def __init__(self, port):
        self.gateway = f"http://127.0.0.1:{port}"


def strike(engine, number, kind, count):
    """Signals the engine when it is in the middle of its half of the answers."""
    begun = engine.state()["events"]
    wait_for(lambda: engine.state()["requests"]["in_flight"] >= count * 0.4, "requests in flight", 30)
    if kind == "streams":
        wait_for(lambda: engine.state()["events"] - begun >= count / 2 * 10, "they have begun", 30)
    engine.process.send_signal(number)


def once(name, directory, options, number, kind):
    """Good, broken, doubled or missing text, and the longest wait in seconds."""
    flags = ["--ttft", "100ms", "--itl", "20ms", "--tokens", TOKENS]
    with engines(options.stoker, 2, *flags) as pair, \
            between(name, directory, [e.port for e in pair], options.stoker, patience=options.patience,
                    engine="simulator") as proxy:
        expected = [a.text for a in Streams(pair[1].port, options.count).answers()] if kind == "streams" else []
        asked = Streams(proxy.port, options.count, timeout=60) if kind == "streams" else \
            Burst(At(proxy.port), options.count)
        strike(pair[0], number, kind, options.count)
        began = time.monotonic()
        answers = asked.answers()
        took = time.monotonic() - began
    if kind == "unary":
        bad = failed(answers)
        return {"bad": len(bad), "wrong": 0, "seams": 0, "took": took, "why": bad[:1]}
    bad = sum(not a.is_good for a in answers)
    wrong = sum(a.is_good and a.text != text for a, text in zip(answers, expected))
    return {"bad": bad, "wrong": wrong, "seams": sum(len(a.seams) for a in answers), "took": took, "why": []}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stoker", default=str(ROOT / ".build/release/stoker"), help="the release program")
    parser.add_argument("--count", type=int, default=100, help="requests in flight")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--patience", type=int, default=3, help="seconds that each waits for a silent engine")
    parser.add_argument("--check", action="store_true", help="fail when Stoker lost anything")
    parser.add_argument("names", nargs="*", help="stoker, haproxy, nginx; all when none is named")
    options = parser.parse_args()
    names, lost = options.names or available(), 0
    print(f"{options.count} in flight, one of two engines struck, {options.rounds} rounds, patience {options.patience} s")
    print(f"  {'':8} {'struck by':9} {'kind':8} {'failed or broken':>17} {'wrong text':>11} {'seams':>6} {'took':>8}")
    with tempfile.TemporaryDirectory(prefix="survival-") as directory:
        for what, number in SIGNALS.items():
            for kind in KINDS:
                for name in names:
                    rows = [once(name, directory, options, number, kind) for _ in range(options.rounds)]
                    print(f"  {name:8} {what:9} {kind:8} {' '.join(str(r['bad']) for r in rows):>17}"
                          f" {sum(r['wrong'] for r in rows):11} {sum(r['seams'] for r in rows):6}"
                          f" {statistics.median(r['took'] for r in rows):7.1f}s", flush=True)
                    for why in [r["why"][0] for r in rows if r["why"]][:1]:
                        print(f"           such as: {' '.join(why.split())[:100]}")
                    lost += sum(r["bad"] + r["wrong"] for r in rows) if name == "stoker" else 0
    return 1 if options.check and lost else 0


if __name__ == "__main__":
    sys.exit(main())
