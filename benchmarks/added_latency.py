#!/usr/bin/env python3
"""How much later an answer comes because of what stands in between: Stoker, HAProxy and nginx at a fixed rate.

An open loop of `stoker load` asks a simulated engine that answers at once, directly and through each proxy, taking
turns. Latency counts from the actual send, so that the generator's own lateness, which is printed beside it, is in
none of it. What a proxy adds is the difference of the percentiles of the same round; the median of the rounds is
printed. Client, proxy and engine share this machine's processors: another program that works is in every figure.
"""

import argparse
import os
import statistics
import sys
import tempfile

from measuring import ROOT
from proxies import available, between, engines, load, quantile

FRACTIONS = {"p50": 0.5, "p99": 0.99}
LIMITS_MS = {"p50": 0.5, "p99": 2.0}


def ask(options, port):
    """p50 and p99 in milliseconds, and how far the report can be believed."""
    report = load(
        options.stoker, port, "--endpoint-type", "completions", "--no-stream", "--request-rate", options.rate,
        "--arrival", "poisson", "-d", f"{options.seconds}s", "--warmup", "1s", "--input-len", 100, "--output-len", 1)
    found = {name: quantile(report, "e2e_service", fraction) for name, fraction in FRACTIONS.items()}
    if None in found.values():
        raise SystemExit(f"too few answers for a p99: {report['counts']} {report['errors']}")
    found["lag"] = quantile(report, "send_lag", 0.99)
    found["failed"], found["verdict"] = report["failed"], report["verdict"]["level"]
    return found


def show(name, found, direct):
    medians = {key: statistics.median(r[key] for r in found) for key in (*FRACTIONS, "lag")}
    added = {key: statistics.median(r[key] - d[key] for r, d in zip(found, direct)) for key in FRACTIONS}
    print(f"  {name:8} {medians['p50']:8.3f} {medians['p99']:8.3f} {added['p50']:+9.3f} {added['p99']:+9.3f}"
          f" {medians['lag']:9.3f} {sum(r['failed'] for r in found):7}  {' '.join(r['verdict'] for r in found)}")
    return added


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stoker", default=str(ROOT / ".build/release/stoker"), help="the release program")
    parser.add_argument("--rate", type=int, default=1000, help="requests a second")
    parser.add_argument("--seconds", type=int, default=10, help="of each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of each proxy")
    parser.add_argument("--check", action="store_true", help="fail when Stoker adds more than its limits")
    options = parser.parse_args()
    names = ["direct", *available()]
    found = {name: [] for name in names}
    with tempfile.TemporaryDirectory(prefix="latency-") as directory, \
            engines(options.stoker, 1, "--ttft", "0ms", "--itl", "0ms", "--tokens", 1) as (engine,):
        for _ in range(options.rounds):
            for name in names:
                with between(
                        name, directory, [engine.port], options.stoker, threads=options.threads,
                        engine="simulator") as proxy:
                    found[name].append(ask(options, proxy.port))
    print(f"{options.rate} requests/s, {options.rounds} rounds of {options.seconds} s, {os.cpu_count()} processors; ms")
    print(f"  {'':8} {'p50':>8} {'p99':>8} {'added p50':>9} {'added p99':>9} {'lag p99':>9} {'failed':>7}  verdicts")
    added = {name: show(name, found[name], found["direct"]) for name in names}
    for name in names[2:]:
        ratios = {key: added["stoker"][key] / added[name][key] if added[name][key] > 0 else None for key in FRACTIONS}
        print(f"  Stoker / {name}: " + ", ".join(
            f"added {key} {'-' if ratio is None else f'{ratio:.2f}'}" for key, ratio in ratios.items()))
    over = [key for key in FRACTIONS if added["stoker"][key] > LIMITS_MS[key]]
    return 1 if options.check and over else 0


if __name__ == "__main__":
    sys.exit(main())
