"""`stoker gateway` started by hand, with a table of the test's own: the data plane without its control plane."""

import contextlib
import http.client
import json
import re
import socket
import struct
import subprocess

from processes import wait_for
from stack import STOKER, free_port


def duration(seconds):
    """A Swift `Duration` as its Codable form has it: the high and the low half of the attoseconds."""
    attoseconds = round(seconds * 1000) * 10**15
    return [attoseconds >> 64, attoseconds & (2**64 - 1)]


def snake(name):
    return re.sub("(?<=[a-z])([A-Z])", r"_\1", name).lower()


class Snapshot:
    """The numbers of the form in which the gateway hands its metrics to the control plane; histograms are skipped."""

    HISTOGRAM = 2

    def __init__(self, data):
        assert data[:4] == b"SMS1"
        self.data, self.place = data, 4
        self.families = {}
        for _ in range(self.number()):
            name, _, kind = self.text(), self.text(), self.take(1)[0]
            labels = [self.text() for _ in range(self.number())]
            series = [([self.text() for _ in labels], self.value(kind)) for _ in range(self.number())]
            self.families[name] = labels, series

    def take(self, count):
        self.place += count
        return self.data[self.place - count:self.place]

    def number(self):
        result = shift = 0
        while (byte := self.take(1)[0]) >= 0x80:
            result |= (byte & 0x7F) << shift
            shift += 7
        return result | byte << shift

    def text(self):
        return self.take(self.number()).decode()

    def double(self):
        return struct.unpack("<d", self.take(8))[0]

    def value(self, kind):
        if kind != self.HISTOGRAM:
            return self.double()
        edges = [self.double() for _ in range(self.number())]
        for _ in range(len(edges) + 1):
            self.number()
        self.double()
        for _ in range(self.number()):
            self.number(), self.text(), self.text(), self.double()
        return 0.0


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path, timeout=10):
        super().__init__("gateway", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def table(port, backends, deadlines, head_timeout=10, write_timeout=60, **limits):
    """What the control plane would send."""
    names = [f"b{place}" for place in range(len(backends))]
    return {
        "version": 1, "epoch": 1,
        "limits": {
            "listen": {"host": "127.0.0.1", "port": port}, "maxBody": 1 << 20, "maxHead": 32768,
            "headTimeout": duration(head_timeout), "writeTimeout": duration(write_timeout),
            "maxConnections": 10000, "threads": 0,
            "keepAliveComments": duration(15), "recentRequests": 1024, **limits},
        "backends": [{
            "name": name, "address": {"host": "127.0.0.1", "port": backend, "tls": False, "pathPrefix": ""},
            "inRotation": True, "isUnready": False, "reason": "", "healthPath": "/health", "keepAlive": duration(30),
            "continuation": "none"} for name, backend in zip(names, backends)],
        "models": [{
            "name": "m", "tiers": [names], "seams": 2,
            "deadlines": {
                name: duration(seconds)
                for name, seconds in {"connect": 1, "firstToken": 10, "stall": 10, "answer": 10, **deadlines}.items()}}]}


class BareGateway:
    """A gateway whose model `m` is served by backends on these ports of 127.0.0.1."""

    def __init__(self, directory, *ports, threads=1, program=STOKER, deadlines=None, **limits):
        self.port = free_port()
        self.control = directory / "gateway.sock"
        self.stderr = directory / "gateway.stderr"
        self.table = json.dumps(table(self.port, ports, deadlines or {}, **limits))
        with self.stderr.open("wb") as stderr:
            self.process = subprocess.Popen(
                [program, "gateway", "--socket", self.control, "--listen", f"127.0.0.1:{self.port}",
                 "--threads", str(threads)], stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr)
        try:
            wait_for(self.takes_table, "the gateway takes its table", 20)
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def takes_table(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the gateway left with {self.process.returncode}: {self.stderr.read_text()}")
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
            status, reply = self.ask("PUT", "/table", self.table)
            assert status == 200, reply
            # It listens on its private socket first.
            socket.create_connection(("127.0.0.1", self.port), 5).close()
            return True

    def ask(self, method, path, body=None):
        """One request over the private socket: status and body."""
        with contextlib.closing(UnixConnection(self.control)) as connection:
            connection.request(method, path, body)
            reply = connection.getresponse()
            return reply.status, reply.read()

    def counted(self, family, *labels):
        """A counter or gauge by the values of these labels, zeros left out; names in snake_case."""
        found = {}
        names, series = Snapshot(self.ask("GET", "/metrics")[1]).families[family]
        for values, number in series:
            key = ",".join(snake(dict(zip(names, values))[label]) for label in labels)
            found[key] = found.get(key, 0) + int(number)
        return {key: number for key, number in found.items() if number}

    def stop(self):
        """Ends it, and fails when it had ended by itself: a crash is never fine."""
        crashed = self.process.poll()
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        assert crashed is None, f"the gateway ended with {crashed}: {self.stderr.read_text()}"
