#!/usr/bin/env python3
"""What clients notice of a change: drains, reloads and new gateways, again and again under streams.

Stoker, nginx and HAProxy before the same two simulated engines, under the same clients: so many streams at a time, each
of which asks for the next when it has its last token, on a new connection. Meanwhile the change is made so many times:

- drain: `stoker drain a --wait`, `--undo`, then b; HAProxy by `set server state drain` and `ready` on its socket.
  nginx has no order for it: a reload with the server `down`.
- reload: a model's alias comes and goes; for the peers a reload of the same config (nginx -s reload, haproxy -sf -x).
- gateway: `stoker restart gateway`; for the peers the same reload, which makes new processes anyway.

refused: no connection, or one that ends without a byte. failed: a status but 200. broken: a stream that ends without its
last chunk or its end mark, or with an error event. short: a whole stream without all its tokens. seams: streams that
Stoker had to continue elsewhere, of which none is needed here.
"""

import argparse
import contextlib
import json
import pathlib
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from measuring import ROOT, wait_until_listening
from proxies import Proxy, available, engines

ASK = "POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{}"


class Clients(threading.Thread):
    """So many streams at a time, read by one thread."""

    def __init__(self, port, count, tokens):
        super().__init__(daemon=True)
        self.port, self.count, self.tokens = port, count, tokens
        body = json.dumps({"model": "m", "prompt": "change", "stream": True, "max_tokens": tokens})
        self.ask = ASK.format(len(body), body).encode()
        self.selector = selectors.EpollSelector()
        self.over, self.open = threading.Event(), 0
        self.figures = dict.fromkeys(["whole", "refused", "failed", "broken", "short", "seams"], 0)
        self.examples = []

    def run(self):
        due = [time.monotonic() + 3 * n / self.count for n in range(self.count)]
        while due or self.open:
            now = time.monotonic()
            while due and due[0] <= now:
                due.pop(0)
                if not self.over.is_set():
                    self.begin()
            for key, _ in self.selector.select(0.01):
                if self.take(key):
                    due.append(now)

    def begin(self):
        connection = socket.socket()
        try:
            connection.settimeout(10)
            connection.connect(("127.0.0.1", self.port))
            connection.sendall(self.ask)
        except OSError as error:
            connection.close()
            self.count_as("refused", repr(error).encode())
            # Not in a tight loop.
            time.sleep(0.01)
            if not self.over.is_set():
                self.begin()
            return
        connection.setblocking(False)
        self.selector.register(connection, selectors.EVENT_READ, bytearray())
        self.open += 1

    def take(self, key):
        """Whether the stream has ended."""
        try:
            data = key.fileobj.recv(1 << 18)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        key.data.extend(data)
        if data and not key.data.endswith(b"\r\n0\r\n\r\n"):
            # An answer that is no stream ends by its length; that is looked at when the peer closes or all is over.
            if key.data.startswith(b"HTTP/1.1 200") or not self.is_whole_document(key.data):
                return False
        self.selector.unregister(key.fileobj)
        key.fileobj.close()
        self.open -= 1
        self.judge(bytes(key.data))
        return True

    @staticmethod
    def is_whole_document(data):
        head, mark, body = bytes(data).partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        return mark and lengths and len(body) >= int(lengths[0].split(b":")[1])

    def judge(self, data):
        if not data:
            return self.count_as("refused", data)
        if not data.startswith(b"HTTP/1.1 200"):
            return self.count_as("failed", data)
        if not data.endswith(b"\r\n0\r\n\r\n") or b"data: [DONE]" not in data or b'"error"' in data:
            return self.count_as("broken", data)
        if data.count(b'"text":"') - data.count(b'"text":""') < self.tokens:
            return self.count_as("short", data)
        if b": stoker: continued" in data:
            self.figures["seams"] += 1
        self.figures["whole"] += 1

    def count_as(self, name, data):
        self.figures[name] += 1
        if len(self.examples) < 3:
            self.examples.append(f"{name}: {data[-300:]!r}")


class Changes:
    """How each program is told to change."""

    def __init__(self, options, proxy, backends):
        self.options, self.proxy, self.backends = options, proxy, backends
        self.config = proxy.directory / "stoker.yaml"

    def run(self, number):
        getattr(self, f"{self.proxy.name}_{self.options.what}")(number)

    def stoker(self, *arguments):
        for _ in range(600):
            done = subprocess.run(
                [self.options.stoker, arguments[0], "--config", self.config, *arguments[1:]], capture_output=True,
                text=True)
            # So many old gateways may be busy with their last streams that there is no room for another.
            if "no further gateway" not in done.stderr:
                break
            time.sleep(0.1)
        if done.returncode:
            raise SystemExit(f"stoker {arguments}: {done.stdout}{done.stderr}")

    def stoker_drain(self, number):
        name = f"b{self.backends[number % 2]}"
        self.stoker("drain", name, "--timeout", "120s")
        self.stoker("drain", name, "--undo")

    def stoker_reload(self, number):
        plan = json.loads(self.config.read_text())
        plan["models"].pop("alias", None)
        if number % 2 == 0:
            plan["models"]["alias"] = {**plan["models"]["m"], "served_as": "m"}
        self.config.write_text(json.dumps(plan))
        self.stoker("reload")

    def stoker_gateway(self, number):
        self.stoker("restart", "gateway", "--timeout", "60s")

    def nginx_reload(self, number):
        self.proxy.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)

    nginx_gateway = nginx_reload

    def nginx_drain(self, number):
        config, down = self.proxy.directory / "proxy.conf", self.backends[number % 2]
        text = config.read_text()
        config.write_text(text.replace(f"127.0.0.1:{down} ", f"127.0.0.1:{down} down "))
        self.nginx_reload(number)
        config.write_text(text)
        self.nginx_reload(number)

    def haproxy_reload(self, number):
        old = self.proxy.process
        config = self.proxy.directory / "haproxy.cfg"
        self.proxy.process = subprocess.Popen(
            ["haproxy", "-q", "-db", "-f", config, "-x", self.proxy.directory / "haproxy.sock", "-sf", str(old.pid)])
        LEFT.append(old)
        time.sleep(0.3)

    haproxy_gateway = haproxy_reload

    def haproxy_drain(self, number):
        name = f"b{self.backends[number % 2]}"
        self.haproxy(f"set server l/{name} state drain")
        for _ in range(1200):
            row = next(r for r in self.haproxy("show stat").splitlines() if r.startswith(f"l,{name},"))
            if row.split(",")[4] == "0":
                break
            time.sleep(0.1)
        self.haproxy(f"set server l/{name} state ready")

    def haproxy(self, order):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.proxy.directory / "haproxy.sock"))
            connection.sendall(f"{order}\n".encode())
            answer = b""
            while data := connection.recv(65536):
                answer += data
            return answer.decode()


# Processes of HAProxy that were replaced.
LEFT = []


def prepare(proxy, stoker):
    """Health checks that a machine full of clients does not fail: what is examined is the change.

    HAProxy hands its listening sockets over on a socket of its own: without it a reload may refuse connections.
    """
    if proxy.name == "stoker":
        config = proxy.directory / "stoker.yaml"
        plan = json.loads(config.read_text())
        for process in plan["processes"].values():
            process["probes"] = {"readiness": {"http": "/health", "timeout": "20s", "failures": 5}}
        config.write_text(json.dumps(plan))
        subprocess.run([stoker, "reload", "--config", config], check=True, capture_output=True)
    if proxy.name == "haproxy":
        config = proxy.directory / "haproxy.cfg"
        place = proxy.directory / "haproxy.sock"
        config.write_text(config.read_text().replace(
            "timeout connect", "timeout check 20s\n  timeout connect", 1).replace(
            "global\n", f"global\n  stats socket {place} mode 600 level admin expose-fd listeners\n"))
        proxy.process.terminate()
        proxy.process.wait(20)
        proxy.process = subprocess.Popen(["haproxy", "-q", "-db", "-f", config])
        wait_until_listening(proxy.port, proxy.process)


def examine(options, name, found, directory):
    backends = [engine.port for engine in found]
    proxy = Proxy(name, directory, backends, options.stoker, patience=60, engine="simulator")
    try:
        prepare(proxy, options.stoker)
        clients = Clients(proxy.port, options.streams, options.tokens)
        clients.start()
        while clients.open < options.streams * 0.9:
            time.sleep(0.1)
        changes, began = Changes(options, proxy, backends), time.monotonic()
        for number in range(options.times):
            changes.run(number)
        took = time.monotonic() - began
        clients.over.set()
        clients.join(120)
        row = " ".join(f"{clients.figures[key]:8}" for key in clients.figures)
        print(f"  {name:8} {options.times:6} {took:7.1f} {row}", flush=True)
        for example in clients.examples:
            print(f"           {example}")
        return clients.figures
    finally:
        proxy.stop()
        while LEFT:
            with contextlib.suppress(ProcessLookupError):
                LEFT[-1].terminate()
            LEFT.pop().wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stoker", default=str(ROOT / ".build/release/stoker"))
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--tokens", type=int, default=40)
    parser.add_argument("--itl", default="100ms", help="between two tokens of a stream")
    parser.add_argument("--what", choices=["drain", "reload", "gateway", "all"], default="all")
    parser.add_argument("--only", nargs="*", help="of the proxies, these")
    parser.add_argument("--check", action="store_true", help="fail unless Stoker's figures are 0")
    options = parser.parse_args()
    options.stoker = shutil.which(options.stoker) or str(pathlib.Path(options.stoker).resolve())
    bad = 0
    for what in ["drain", "reload", "gateway"] if options.what == "all" else [options.what]:
        options.what = what
        print(f"{what}, {options.times} times under {options.streams} streams of {options.tokens} tokens"
              f" each {options.itl}:\n  {'':8} {'times':>6} {'seconds':>7} "
              + " ".join(f"{key:>8}" for key in ["whole", "refused", "failed", "broken", "short", "seams"]))
        flags = ["--ttft", "100ms", "--itl", options.itl, "--tokens", str(options.tokens)]
        with engines(options.stoker, 2, *flags) as found, tempfile.TemporaryDirectory(prefix="change-") as directory:
            for name in options.only or available():
                figures = examine(options, name, found, directory)
                if name == "stoker":
                    bad += sum(figures[key] for key in ["refused", "failed", "broken", "short"])
    if options.check and bad:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
