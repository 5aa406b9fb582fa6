#!/usr/bin/env python3
"""2000 streams of 50 tokens a second through Stoker, HAProxy and nginx, one after the other, and directly.

Engine and most of the clients are Stoker's own, `stoker simulate --stamp` and `stoker load`; a twentieth of the
streams is read by this script, which compares each event's stamp (CLOCK_MONOTONIC at its writing) with its arrival.
What a proxy adds to the inter-token delay is the difference to the direct run's percentile.

- late: arrival less stamp, of all sampled events of the steady time
- added: the same less the direct run's percentile
- CPU: of the proxy's processes, per event of the steady time; of Stoker, control plane and shim too
- RSS: of the proxy's processes with all streams open, less what it was before, per stream
- lost: events that did not come, of all streams
- reached: events a second that the engine wrote in the steady time; less than asked means that the machine is too small
  and the row is about an overloaded machine: ask for fewer with --streams or --rate

`--realtime` gives engine and clients real-time priority (chrt, root), so that the proxy is what lacks processors first.
"""

import argparse
import json
import os
import re
import selectors
import shutil
import socket
import sys
import tempfile
import threading
import time

from measuring import ROOT
from proxies import available, between, engines, grown, load

STAMP = re.compile(rb'"stoker_sent_ns":(\d+)')
END = b"data: [DONE]"


class Sampler(threading.Thread):
    """Reads some streams with a clock in hand."""

    def __init__(self, port, count, tokens):
        super().__init__(daemon=True)
        self.port, self.count, self.tokens = port, count, tokens
        self.late, self.events, self.finished, self.broken = [], 0, 0, 0
        self.steady = threading.Event()

    def run(self):
        selector, body = selectors.EpollSelector(), json.dumps({
            "model": "m", "prompt": "sampled", "stream": True, "max_tokens": self.tokens})
        ask = (f"POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
               f"content-length: {len(body)}\r\n\r\n{body}").encode()
        for number in range(self.count):
            connection = socket.create_connection(("127.0.0.1", self.port), 30)
            connection.sendall(ask)
            connection.setblocking(False)
            selector.register(connection, selectors.EVENT_READ, [b""])
            # Spread over a token's time, lest all samples should be of the same moment.
            self.read(selector, 0.02 / self.count * (number % 7))
        while selector.get_map():
            self.read(selector, 1)

    def read(self, selector, timeout):
        for key, _ in selector.select(timeout):
            try:
                data = key.fileobj.recv(65536)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            now = time.monotonic_ns()
            # A stamp may be split between two reads; the rest of its event waits for the other half.
            data = key.data[0] + data
            cut = data.rfind(b"\n\n") + 2
            whole, key.data[0] = (data[:cut], data[cut:]) if cut > 1 else (b"", data)
            stamps = [int(stamp) for stamp in STAMP.findall(whole)]
            self.events += whole.count(b'"text"')
            if self.steady.is_set():
                self.late.extend(now - stamp for stamp in stamps)
            ended = END in whole
            if ended or len(data) == len(key.data[0]) == 0:
                self.finished += ended
                self.broken += not ended
                selector.unregister(key.fileobj)
                key.fileobj.close()


class Row:
    """One run through one proxy."""

    def __init__(self, options, proxy, engine, prefix):
        seconds, ramp = options.seconds, 4
        tokens = options.rate * (seconds + ramp + 2)
        sampled = max(1, options.streams // 20)
        bulk = options.streams - sampled
        # What a proxy takes for its first streams and for its start is not what a stream takes.
        load(options.stoker, proxy.port, "--endpoint-type", "completions", "--users", 20, "-n", 40, "--output-len", 5)
        time.sleep(2)
        base = proxy.resident
        sampler, report = Sampler(proxy.port, sampled, tokens), {}
        loader = threading.Thread(target=lambda: report.update(load(
            options.stoker, proxy.port, "--endpoint-type", "completions", "--users", bulk, "-n", bulk, "--spawn-rate",
            bulk / (ramp - 1), "--input-len", 20, "--output-len", tokens, "--grace", "120s", "-d", "10m",
            prefix=prefix)))
        loader.start()
        sampler.start()
        wait(lambda: engine.state()["requests"]["in_flight"] >= options.streams, "all streams are open", 60)
        time.sleep(1)
        self.measure(proxy, engine, sampler, seconds, base, options.streams)
        loader.join()
        sampler.join(60)
        asked = options.streams * tokens
        self.lost = asked - report["total_output_tokens"] - sampler.events
        self.broken = report["failed"] + sampler.broken
        self.verdict = report["verdict"]["level"]
        late = sorted(sampler.late) or [0]
        self.samples = len(late)
        self.late = {name: late[int(len(late) * part)] / 1e6 for name, part in (("p50", 0.5), ("p99", 0.99))}

    def measure(self, proxy, engine, sampler, seconds, base, streams):
        before, first, began = proxy.cpu, engine.state("DELETE")["events"], time.monotonic()
        sampler.steady.set()
        time.sleep(seconds)
        sampler.steady.clear()
        state, used, elapsed = engine.state(), proxy.cpu - before, time.monotonic() - began
        events = state["events"] - first
        self.reached = events / elapsed
        self.cpu_us = used / max(1, events) / 1000
        self.cores = used / 1e9 / elapsed
        self.kib = grown(base, proxy.resident) * 1024 / streams
        self.engine_late = state["late_ns"]["p99"] / 1e6


def wait(fact, what, timeout):
    deadline = time.monotonic() + timeout
    while not fact():
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {timeout} s: {what}")
        time.sleep(0.1)


def show(name, row, direct):
    added = {key: row.late[key] - direct.late[key] for key in row.late}
    print(f"  {name:8} {row.late['p50']:8.2f} {row.late['p99']:8.2f} {added['p50']:+10.2f} {added['p99']:+10.2f}"
          f" {row.cpu_us:7.2f} {row.cores:6.2f} {row.kib:7.1f} {row.lost:6} {row.broken:6} {row.reached:8.0f}"
          f" {row.engine_late:9.2f}  {row.verdict}")
    return added


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stoker", default=str(ROOT / ".build/release/stoker"), help="the release program")
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--rate", type=int, default=50, help="tokens a second and stream")
    parser.add_argument("--seconds", type=int, default=10, help="of steady time, for each run")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of each proxy")
    parser.add_argument("--realtime", action="store_true", help="engine and clients before all others (chrt -f 5)")
    parser.add_argument("--check", action="store_true", help="fail over 5 ms added p99, over 50 KB, or on a loss")
    parser.add_argument("names", nargs="*", help="direct, stoker, haproxy, nginx; all when none is named")
    options = parser.parse_args()
    names = options.names or ["direct", *available()]
    names = names if "direct" in names else ["direct", *names]
    prefix = ["chrt", "-f", "5"] if options.realtime and shutil.which("chrt") else []
    rows = {}
    with tempfile.TemporaryDirectory(prefix="streams-") as directory:
        for name in names:
            # An engine for each run: its counts begin at zero.
            with engines(
                    options.stoker, 1, "--ttft", "200ms", "--itl", f"{1000 / options.rate:g}ms", "--stamp", "--tokens",
                    1000000, prefix=prefix) as (engine,), \
                    between(name, directory, [engine.port], options.stoker, threads=options.threads,
                            engine="simulator") as proxy:
                rows[name] = Row(options, proxy, engine, prefix)
    print(f"{options.streams} streams x {options.rate} tokens/s ({options.streams * options.rate} asked), "
          f"{options.seconds} s each, {os.cpu_count()} processors{', engine and clients first' if prefix else ''}")
    print(f"  {'':8} {'late p50':>8} {'late p99':>8} {'added p50':>10} {'added p99':>10} {'us/ev':>7} {'cores':>6}"
          f" {'KiB/str':>7} {'lost':>6} {'broken':>6} {'reached':>8} {'eng. p99':>9}  verdict of the load (ms)")
    added = {name: show(name, rows[name], rows["direct"]) for name in names}
    if "stoker" not in rows:
        return 0
    ours = rows["stoker"]
    for name in names:
        if name not in ("direct", "stoker"):
            print(f"  Stoker / {name}: CPU an event {ours.cpu_us / rows[name].cpu_us:.2f}, late p99 "
                  f"{ours.late['p99'] / rows[name].late['p99']:.2f}, memory {ours.kib / max(0.1, rows[name].kib):.2f}")
    bad = added["stoker"]["p99"] > 5 or ours.kib > 50e3 / 1024 or ours.lost or ours.broken
    return 1 if options.check and bad else 0


if __name__ == "__main__":
    sys.exit(main())
