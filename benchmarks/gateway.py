#!/usr/bin/env python3
"""What one request, and one event of a stream, costs in the gateway, HAProxy and nginx: CPU time, user and system.

All three stand between the same client and the same backend, one after the other, in rounds, on this machine; the
figure is the CPU time of the proxy's own processes (per-thread counters in /proc) divided by what went through.
Idle cost between two rounds is not subtracted. Needs wrk, haproxy and nginx from Debian.
"""

import argparse
import asyncio
import contextlib
import http.client
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import tempfile
import threading
import time

from measuring import ROOT, cpu_nanoseconds, free_port, wait_until_listening

ANSWER = json.dumps({
    "id": "x", "object": "chat.completion", "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello. " * 20}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 12, "completion_tokens": 40, "total_tokens": 52}})
QUESTION = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Say hello twenty times. " * 4}]})
EVENT = 'data: {"id":"x","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":" word"}}]}\n\n'


def connect_unix(path):
    for _ in range(100):
        with contextlib.suppress(FileNotFoundError):
            found = socket.socket(socket.AF_UNIX)
            found.connect(str(path))
            return found
        time.sleep(0.05)
    raise SystemExit(f"nobody listens on {path}")


class Proxy:
    """A program that listens on `port` and passes on to `backend`."""

    def __init__(self, name, directory, backend, stoker, threads):
        self.name, self.port = name, free_port()
        self.process = getattr(self, name)(pathlib.Path(directory), backend, stoker, threads)
        wait_until_listening(self.port, self.process)

    def stoker(self, directory, backend, stoker, threads):
        control = directory / "gateway.sock"
        process = subprocess.Popen([
            stoker, "gateway", "--socket", control, "--listen", f"127.0.0.1:{self.port}", "--threads", str(threads)])
        wait_until_listening(self.port, process)
        table = {
            "version": 1, "epoch": 1,
            "limits": {
                "listen": {"host": "127.0.0.1", "port": self.port}, "maxBody": 8 << 20, "maxHead": 32768,
                "headTimeout": duration(10), "writeTimeout": duration(60), "maxConnections": 10000, "threads": 0,
                "keepAliveComments": duration(15), "recentRequests": 1024},
            "backends": [{
                "name": "b", "address": {"host": "127.0.0.1", "port": backend, "tls": False, "pathPrefix": ""},
                "inRotation": True, "reason": "", "healthPath": "/health", "keepAlive": duration(60),
                "continuation": "none"}],
            "models": [{
                "name": "m", "tiers": [["b"]], "seams": 2,
                "deadlines": {"connect": duration(1), "firstToken": duration(60), "stall": duration(60)}}]}
        client = http.client.HTTPConnection("gateway")
        client.sock = connect_unix(control)
        client.request("PUT", "/table", json.dumps(table))
        reply = client.getresponse()
        if reply.status != 200:
            raise SystemExit(f"the gateway refuses the table: {reply.read().decode()}")
        return process

    def haproxy(self, directory, backend, _, threads):
        config = directory / "haproxy.cfg"
        config.write_text(
            f"global\n  nbthread {threads}\n  maxconn 4000\n"
            "defaults\n  mode http\n  timeout connect 1s\n  timeout client 60s\n  timeout server 60s\n"
            "  option http-keep-alive\n  http-reuse always\n  retries 2\n  option redispatch\n"
            "  retry-on all-retryable-errors\n"
            f"listen l\n  bind 127.0.0.1:{self.port}\n  balance leastconn\n  server b 127.0.0.1:{backend}\n")
        return subprocess.Popen(["haproxy", "-q", "-db", "-f", config])

    def nginx(self, directory, backend, _, threads):
        return start_nginx(
            directory, "proxy", threads,
            f"upstream u {{ server 127.0.0.1:{backend}; keepalive 256; }}\n"
            f"server {{ listen 127.0.0.1:{self.port}; keepalive_requests 1000000000; location / {{\n"
            "proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_buffering off; } }")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def duration(seconds):
    """A Swift `Duration` as its Codable form has it: the high and the low half of the attoseconds."""
    attoseconds = seconds * 10**18
    return [attoseconds >> 64, attoseconds & (2**64 - 1)]


def start_nginx(directory, name, workers, server):
    config = directory / f"{name}.conf"
    config.write_text(
        f"daemon off; pid {directory}/{name}.pid; error_log {directory}/{name}.log; worker_processes {workers};\n"
        "events { worker_connections 4096; }\n"
        f"http {{ access_log off; client_body_temp_path {directory}/{name}; keepalive_timeout 60s; {server} }}\n")
    return subprocess.Popen(["nginx", "-e", f"{directory}/{name}.log", "-c", config])


def unary(proxy, directory, seconds, connections):
    """CPU microseconds of the proxy per unary request, and requests per second."""
    script = pathlib.Path(directory) / "post.lua"
    script.write_text(
        f"wrk.method = 'POST'\nwrk.path = '/v1/chat/completions'\nwrk.body = [[{QUESTION}]]\n"
        "wrk.headers['Content-Type'] = 'application/json'\n")
    before = cpu_nanoseconds(proxy.process.pid)
    output = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script, f"http://127.0.0.1:{proxy.port}"],
        check=True, capture_output=True, text=True).stdout
    used = cpu_nanoseconds(proxy.process.pid) - before
    count = int(re.search(r"(\d+) requests in", output).group(1))
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: .*[1-9]", output)
    if bad or not count:
        raise SystemExit(f"{proxy.name}: not every request was answered well:\n{output}")
    return used / count / 1000


class StreamBackend(threading.Thread):
    """Answers each request with a stream of `events` events, one every `gap` seconds."""

    def __init__(self, events, gap):
        super().__init__(daemon=True)
        self.events, self.gap, self.port = events, gap, free_port()
        self.ready = threading.Event()

    def run(self):
        asyncio.run(self.serve())

    async def serve(self):
        server = await asyncio.start_server(self.answer, "127.0.0.1", self.port, backlog=1024)
        self.ready.set()
        await server.serve_forever()

    async def answer(self, reader, writer):
        chunk = f"{len(EVENT):x}\r\n{EVENT}\r\n".encode()
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(re.search(rb"(?i)content-length: *(\d+)", head).group(1)))
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
                for _ in range(self.events):
                    writer.write(chunk)
                    await asyncio.sleep(self.gap)
                writer.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
        writer.close()


async def read_streams(port, count):
    request = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(QUESTION)}\r\n\r\n{QUESTION}").encode()

    async def one():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head:
            raise SystemExit(f"a stream was refused: {head.decode()}")
        text = await reader.readuntil(b"\r\n0\r\n\r\n")
        writer.close()
        return text.count(b"data: {")

    return sum(await asyncio.gather(*(one() for _ in range(count))))


def streams(proxy, backend, count):
    """CPU microseconds of the proxy per event."""
    before = cpu_nanoseconds(proxy.process.pid)
    events = asyncio.run(read_streams(proxy.port, count))
    used = cpu_nanoseconds(proxy.process.pid) - before
    if events != count * backend.events:
        raise SystemExit(f"{proxy.name}: {events} of {count * backend.events} events came through")
    return used / events / 1000


def measure(names, directory, backend, options, question):
    """The median of each proxy's rounds; the proxies take turns, so that a noisy moment hits all."""
    found = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in names:
            proxy = Proxy(name, directory, backend, options.stoker, options.threads)
            try:
                found[name].append(question(proxy))
            finally:
                proxy.stop()
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
    parser.add_argument("--streams", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    names = ["stoker", "haproxy", "nginx"]
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
                lambda proxy: unary(proxy, directory, options.seconds, options.connections))
        finally:
            backend.terminate()
            backend.wait(10)
        source = StreamBackend(events=200, gap=0.01)
        source.start()
        source.ready.wait(5)
        events = measure(
            names, directory, source.port, options, lambda proxy: streams(proxy, source, options.streams))
    if options.json:
        return print(json.dumps({"cpu_us_per_request": requests, "cpu_us_per_event": events}, indent=2))
    report("CPU per unary request", "us", requests)
    report("CPU per event of a stream", "us", events)


if __name__ == "__main__":
    main()
