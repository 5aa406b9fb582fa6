#!/usr/bin/env python3
"""The faults of the gateway's matrix, one after the other, before Stoker, HAProxy and nginx under the same client.

Two simulated engines, each behind a fault proxy; the fault is at one of them, or on the way to it, the other is well
(but for B18, where both serve and neither says so).
Twenty whole answers and twenty streams are asked at once. In the table: whole answers that failed, streams that are not
what an unbroken one is, and the seconds until the last had ended. A stream that ends with an error is broken too, though
its client knows: `told` counts those of the broken that ended with an error object or an error status, in place of an end
that looks like success or like nothing.
"""

import argparse
import contextlib
import socket
import sys
import tempfile
import time

from measuring import ROOT
from proxies import available, between, engines, grown

sys.path.insert(0, str(ROOT / "Tests/Scenarios"))

from faultproxy import Fault, FaultProxy  # noqa: E402
from load import Burst, failed  # noqa: E402
from processes import wait_for  # noqa: E402
from stack import http  # noqa: E402
from streams import Streams, request, stream  # noqa: E402

COUNT = 20
TOKENS = 20
EARLY = (b"HTTP/1.1 413 X\r\ncontent-type: application/json\r\ncontent-length: 31\r\nconnection: close\r\n\r\n"
         b'{"error":{"message":"too big"}}')
# Name in the matrix and what happens: a fault of the way, or one of the engine (docs/simulator.md).
FAULTS = [
    ("B1 connection refused", Fault("refuse")),
    ("B2 black hole", Fault("blackhole")),
    ("B3 accepts, never answers", Fault("stall")),
    ("B5 reset before the status", Fault("reset")),
    ("B6 reset within", Fault("reset", events=3)),
    ("B6 end of connection within", Fault("cut", events=3)),
    ("B6 cut in a whole answer", Fault("cut", byte=200)),
    ("B7 silence within", Fault("stall", events=5)),
    ("B7 broken framing", Fault("corrupt", events=5, length=4)),
    ("B8 error object in a 200", {"fault": "error-event", "after": 0}),
    ("B8 error object within", {"fault": "error-event", "after": 3}),
    ("B8 a page in HTML", {"fault": "html"}),
    ("B9 empty 200", {"fault": "empty"}),
    ("B9 no end mark", {"fault": "no-done"}),
    ("B10 500 on a fifth", {"fault": "error", "status": 500, "every": 5}),
    ("B11 503, retry later", {"fault": "overload", "status": 503, "retry_after": 1}),
    ("B11 429, retry later", {"fault": "overload", "status": 429, "retry_after": 1}),
    ("B12 five times slower", {"fault": "slow", "factor": 5}),
    ("B18 health of both hangs", {"fault": "slow-health", "delay": "30s"}),
    ("B19 health 200, dead", {"fault": "hang"}),
    ("B24 closed as it is reused", Fault("cut", reused=True)),
]


class At:
    """A gateway's address in the form that Burst asks for."""

    def __init__(self, port):
        self.gateway = f"http://127.0.0.1:{port}"


class Bench:
    """Two engines, their fault proxies, and one of the three before them."""

    def __init__(self, name, directory, options, stack):
        self.engines = stack.enter_context(
            engines(options.stoker, 2, "--ttft", "20ms", "--itl", "10ms", "--tokens", TOKENS))
        self.ways = [FaultProxy(engine.port) for engine in self.engines]
        for way in self.ways:
            stack.callback(way.close)
        self.proxy = stack.enter_context(between(
            name, directory, [way.port for way in self.ways], options.stoker, patience=options.patience,
            engine="simulator"))
        self.port = self.proxy.port
        for i in range(8):
            http(f"http://127.0.0.1:{self.port}/v1/completions", {"model": "m", "prompt": f"warm {i}"})

    def inject(self, fault):
        """At the first engine, or the way to it; health that lies, at both, and time for it to be believed."""
        if isinstance(fault, Fault):
            fresh = Fault(**{**vars(fault), "hits": 0})
            self.ways[0].inject(fresh)
            if fresh.kind in ("refuse", "blackhole"):
                self.ways[0].reset_open()
            return
        is_health = fault["fault"] == "slow-health"
        for engine in self.engines if is_health else self.engines[:1]:
            http(f"http://127.0.0.1:{engine.port}/simulator/faults", fault)
        time.sleep(5 if is_health else 0)

    def ask(self):
        expected = [a.text for a in Streams(self.engines[1].port, COUNT).answers()]
        began = time.monotonic()
        streams, burst = Streams(self.port, COUNT, timeout=60), Burst(At(self.port), COUNT)
        broken = [
            a for a, text in zip(streams.answers(), expected) if not a.is_good or a.text != text]
        told = sum(a.status not in (None, 200) or bool(a.errors) for a in broken)
        return len(failed(burst.answers())), len(broken), told, time.monotonic() - began


def early_refusal(bench):
    """B25: the status that a client gets whose upload is refused early; None: no answer."""
    for way in bench.ways:
        way.inject(Fault("answer", payload=EARLY))
    answer = http(
        f"http://127.0.0.1:{bench.port}/v1/completions", {"model": "m", "prompt": "x" * (4 << 20)}, timeout=20)
    return answer.status if answer else None


def wasted(bench):
    """B21: the most tokens that an engine went on to make for a client that had left."""
    for _ in range(4):
        stream(bench.port, "leaving", enough=lambda a: len(a.events) >= 3, max_tokens=500)
    wait_for(lambda: sum(e.state()["requests"]["in_flight"] for e in bench.engines) == 0, "all ended", 30)
    ended = [r for e in bench.engines
             for r in http(f"http://127.0.0.1:{e.port}/simulator/requests?limit=10").json["requests"]]
    return max(r["tokens"] for r in ended if r["outcome"] == "abort" or r["tokens"] > TOKENS) - 3


def unread(bench, count=20):
    """B22: MiB that a client costs that reads nothing of an event of 8 MiB."""
    before, clients, most = bench.proxy.resident, [], 0.0
    body = request({"model": "m", "prompt": "huge", "stream": True},
                   headers={"x-simulator-fault": "huge-event after=1 bytes=8MiB"})
    try:
        for _ in range(count):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", bench.port))
            client.sendall(body)
            clients.append(client)
        for _ in range(30):
            most = max(most, grown(before, bench.proxy.resident))
            time.sleep(0.1)
    finally:
        for client in clients:
            client.close()
    return most / count


def idle(bench, count=2000):
    """B23: KiB of an idle connection."""
    before, clients = bench.proxy.resident, []
    try:
        for _ in range(count):
            clients.append(socket.create_connection(("127.0.0.1", bench.port), 20))
        time.sleep(1)
        return grown(before, bench.proxy.resident) * 1024 / count
    finally:
        for client in clients:
            client.close()


SINGLE = [
    ("B21 wasted tokens, most", wasted, "{}"), ("B22 MiB a client that reads nothing", unread, "{:.2f}"),
    ("B23 KiB an idle connection", idle, "{:.1f}"), ("B25 early 413: the client's status", early_refusal, "{}"),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stoker", default=str(ROOT / ".build/release/stoker"), help="the release program")
    parser.add_argument("--patience", type=int, default=2, help="seconds that each waits for a silent engine")
    parser.add_argument("--only", default="", help="part of the fault's name, such as B7")
    parser.add_argument("--check", action="store_true", help="fail when Stoker lost anything")
    parser.add_argument("names", nargs="*", help="stoker, haproxy, nginx; all when none is named")
    options = parser.parse_args()
    names, lost = options.names or available(), 0
    print(f"{COUNT} whole answers and {COUNT} streams; failed / broken (told), seconds; patience {options.patience} s")
    print(f"  {'':32}" + "".join(f"{name:>22}" for name in names))
    with tempfile.TemporaryDirectory(prefix="faults-") as directory:
        for title, fault in FAULTS:
            if options.only not in title:
                continue
            cells = []
            for name in names:
                with contextlib.ExitStack() as stack:
                    bench = Bench(name, directory, options, stack)
                    bench.inject(fault)
                    bad, broken, told, took = bench.ask()
                cells.append(f"{bad} / {broken} ({told}) {took:5.1f}s")
                lost += bad + broken if name == "stoker" else 0
            print(f"  {title:32}" + "".join(f"{cell:>22}" for cell in cells), flush=True)
        for title, question, form in SINGLE:
            if options.only not in title:
                continue
            cells = []
            for name in names:
                with contextlib.ExitStack() as stack:
                    cells.append(form.format(question(Bench(name, directory, options, stack))))
            print(f"  {title:32}" + "".join(f"{cell:>22}" for cell in cells), flush=True)
    return 1 if options.check and lost else 0


if __name__ == "__main__":
    sys.exit(main())
