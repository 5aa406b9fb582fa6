#!/usr/bin/env python3
"""What one request, and one event of a stream, costs in the gateway, HAProxy and nginx: CPU time, user and system.

All three stand between the same client and the same backend, one after the other, in rounds, on this machine; the
figure is the CPU time of the proxy's own processes (per-thread counters in /proc) divided by what went through.
Stoker's are those of `stoker run`: the control plane with its probes and the shim as well as the gateway. Idle cost
is not subtracted. Requests come from wrk and are answered by nginx; streams come from `stoker simulate`, a write for
each event, and are read by `stoker load`. Needs wrk, haproxy and nginx from Debian.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import tempfile

from measuring import ROOT, free_port, wait_until_listening
from proxies import available, between, engines, load, start_nginx

ANSWER = json.dumps({
    "id": "x", "object": "chat.completion", "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello. " * 20}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 12, "completion_tokens": 40, "total_tokens": 52}})
QUESTION = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Say hello twenty times. " * 4}]})


def unary(proxy, directory, seconds, connections):
    """CPU microseconds of the proxy per unary request, and requests per second."""
    script = pathlib.Path(directory) / "post.lua"
    script.write_text(
        f"wrk.method = 'POST'\nwrk.path = '/v1/chat/completions'\nwrk.body = [[{QUESTION}]]\n"
        "wrk.headers['Content-Type'] = 'application/json'\n")
    before = proxy.cpu
    output = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script, f"http://127.0.0.1:{proxy.port}"],
        check=True, capture_output=True, text=True).stdout
    used = proxy.cpu - before
    count = int(re.search(r"(\d+) requests in", output).group(1))
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: .*[1-9]", output)
    if bad or not count:
        raise SystemExit(f"{proxy.name}: not every request was answered well:\n{output}")
    return used / count / 1000


def streams(proxy, options):
    """CPU microseconds of the proxy per event."""
    before = proxy.cpu
    found = load(
        options.stoker, proxy.port, "--endpoint-type", "chat", "--users", options.streams, "-n", options.streams,
        "--spawn-rate", options.streams * 2, "--input-len", 40, "--output-len", options.events, "--grace", "60s")
    used = proxy.cpu - before
    events = found["total_output_tokens"]
    if found["failed"] or events != options.streams * options.events:
        raise SystemExit(f"{proxy.name}: {events} of {options.streams * options.events} events came: {found['errors']}")
    return used / events / 1000


def measure(names, directory, backend, options, question, engine):
    """The median of each proxy's rounds; the proxies take turns, so that a noisy moment hits all."""
    found = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in names:
            with between(
                    name, directory, [backend], options.stoker, threads=options.threads, engine=engine) as proxy:
                found[name].append(question(proxy))
    return {name: statistics.median(values) for name, values in found.items()}


def report(title, unit, found):
    base = found.get("haproxy")
    print(f"{title}:")
    for name, value in found.items():
        ratio = f"   {value / base:5.2f} x haproxy" if base else ""
        print(f"  {name:8} {value:7.1f} {unit}{ratio}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stoker", default=str(ROOT / ".build/release/stoker"), help="the release program")
    parser.add_argument("--seconds", type=int, default=5, help="of each unary round")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--events", type=int, default=250, help="of each stream, 50 a second")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    names = available()
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as directory:
        port = free_port()
        backend = start_nginx(
            pathlib.Path(directory), "backend", 1,
            f"server {{ listen 127.0.0.1:{port}; keepalive_requests 1000000000; default_type application/json;\n"
            f"location / {{ return 200 '{ANSWER}'; }} }}")
        try:
            wait_until_listening(port, backend)
            requests = measure(
                names, directory, port, options,
                lambda proxy: unary(proxy, directory, options.seconds, options.connections), engine="openai")
        finally:
            backend.terminate()
            backend.wait(10)
        with engines(options.stoker, 1, "--ttft", "100ms", "--itl", "20ms", "--tokens", options.events) as (source,):
            events = measure(
                names, directory, source.port, options, lambda proxy: streams(proxy, options),
                engine="simulator")
    if options.json:
        return print(json.dumps({"cpu_us_per_request": requests, "cpu_us_per_event": events}, indent=2))
    report("CPU per unary request", "us", requests)
    report("CPU per event of a stream", "us", events)


if __name__ == "__main__":
    main()
