"""The same odd bytes for the gateway, nginx, HAProxy and Python's servers: what it takes, nobody reads otherwise.

A request that the gateway passes on must mean the same to every server that takes it too: as many requests, the same
methods, targets and bodies. Where the gateway refuses and another does not, the gateway is only stricter; the table of
all cases is printed with STOKER_DIFFERENTIAL_TABLE=1 and pytest's -s.
"""

import collections
import concurrent.futures
import contextlib
import json
import os
import socket
import subprocess
import sys

import pytest

import mutations
from bare_gateway import BareGateway
from processes import wait_for
from stack import SCENARIOS, free_port

COUNT = 600
SEED = int(os.environ.get("STOKER_DIFFERENTIAL_SEED", "7"))
# How long a server may think about bytes that are no whole request. What comes later is not looked at: on a slow day
# the test compares less, and never finds a difference that is none.
WAIT = 0.25


class Server:
    """A program that listens on a port of its own."""

    def __init__(self, name, command, port):
        self.name, self.port = name, port
        self.process = subprocess.Popen(
            [str(word) for word in command], cwd=SCENARIOS, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def listens(self):
        assert self.process.poll() is None, f"{self.name} left with {self.process.returncode}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def python(name, module, *arguments):
    port = free_port()
    return Server(name, [sys.executable, "-m", module, *(str(a).replace("PORT", str(port)) for a in arguments)], port)


def nginx(directory, backend):
    port, config = free_port(), directory / "nginx.conf"
    config.write_text(
        f"daemon off; pid {directory}/nginx.pid; error_log {directory}/nginx.log; worker_processes 1;\n"
        "events { worker_connections 256; }\n"
        f"http {{ access_log off; client_body_temp_path {directory}/body; server {{ listen 127.0.0.1:{port};\n"
        f"location / {{ proxy_pass http://127.0.0.1:{backend}; proxy_http_version 1.1; }} }} }}\n")
    return Server("nginx", ["nginx", "-e", directory / "nginx.log", "-c", config], port)


def haproxy(directory, backend):
    port, config = free_port(), directory / "haproxy.cfg"
    config.write_text(
        "defaults\n  mode http\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n"
        f"listen l\n  bind 127.0.0.1:{port}\n  server b 127.0.0.1:{backend}\n")
    return Server("haproxy", ["haproxy", "-q", "-db", "-f", config], port)


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """The gateway first; it, nginx and HAProxy stand in front of a uvicorn that says what reached it."""
    directory = tmp_path_factory.mktemp("d")
    # With its other parser, httptools, it loses the body of a request that has an Upgrade.
    backend = python(
        "uvicorn", "uvicorn", "--http", "h11", "--host", "127.0.0.1", "--port", "PORT", "--log-level", "critical",
        "echo:asgi")
    started = [
        backend, nginx(directory, backend.port), haproxy(directory, backend.port),
        python("gunicorn", "gunicorn", "-b", "127.0.0.1:PORT", "--worker-class", "gthread", "--threads", 4,
               "--keep-alive", 5, "--log-level", "critical", "echo:wsgi"),
        python("waitress", "waitress", "--listen=127.0.0.1:PORT", "echo:wsgi")]
    with contextlib.ExitStack() as stop:
        for server in started:
            stop.callback(server.stop)
        for server in started:
            wait_for(server.listens, f"{server.name} listens", 20)
        gateway = BareGateway(directory, backend.port)
        stop.callback(gateway.stop)
        gateway.name = "stoker"
        yield [gateway, *started]


def exchange(port, data):
    """Everything that a server says to these bytes until it closes, or falls silent."""
    received = b""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as client:
        client.settimeout(WAIT)
        client.sendall(data)
        while more := client.recv(65536):
            received += more
    return received


def responses(received):
    """The final answers: `(status, closes, body)`; what is no HTTP ends the list."""
    while received.startswith(b"HTTP/1."):
        head, end, rest = received.partition(b"\r\n\r\n")
        lines = head.decode("latin1").lower().split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        status = int(lines[0].split(" ")[1])
        if not end:
            return
        if "chunked" in fields.get("transfer-encoding", ""):
            body = b""
            while (size := int(rest.partition(b"\r\n")[0] or b"0", 16)) > 0:
                rest = rest.partition(b"\r\n")[2]
                body, rest = body + rest[:size], rest[size + 2:]
            received = rest.partition(b"\r\n\r\n")[2]
        else:
            length = int(fields.get("content-length", len(rest) if status >= 200 else 0))
            body, received = rest[:length], rest[length:]
        if status >= 200:
            yield status, fields.get("connection") == "close", body


class Verdict:
    """What a server made of a case: the requests that it took, and whether it was in step to the end."""

    def __init__(self, data):
        self.requests, self.statuses = [], []
        self.is_in_step = False
        for status, closes, body in responses(data):
            self.statuses.append(status)
            if status == 200:
                with contextlib.suppress(ValueError):
                    request = json.loads(body)
                    self.requests.append((request["method"], request["target"], request["body"]))
                    self.is_in_step = request["target"].endswith("?end")
            elif closes:
                break
            else:
                # Understood and answered, but not by the backend: its place counts, its content is not known.
                self.requests.append(None)

    def contradicts(self, other):
        """Why the two cannot both be right, None when they can."""
        for mine, theirs in zip(self.requests, other.requests):
            if mine and theirs and mine != theirs:
                return f"{mine} is {theirs}"
        if self.is_in_step and other.is_in_step and len(self.requests) != len(other.requests):
            return f"{len(self.requests)} requests are {len(other.requests)}"
        return None

    def __str__(self):
        return f"{','.join(map(str, self.statuses)) or 'silence'}{' whole' if self.is_in_step else ''}"


def verdicts(server, cases):
    return [Verdict(exchange(server.port, data)) for data in cases]


def print_table(names, rows):
    for data, row in rows:
        print(f"{data[:-len(mutations.LAST)]!r}")
        print("    " + "  ".join(f"{name}: {verdict}" for name, verdict in zip(names, row)))


def differences(names, rows, place):
    """Where the server at that place reads something otherwise than another one that takes it too."""
    return [
        f"{data!r}\n  {name}: {why}" for data, row in rows for name, verdict in zip(names, row)
        if (why := row[place].contradicts(verdict))]


def test_what_the_gateway_takes_nobody_reads_otherwise(servers):
    cases = list(mutations.cases(COUNT, SEED))
    with concurrent.futures.ThreadPoolExecutor(len(servers)) as pool:
        columns = list(pool.map(lambda server: verdicts(server, cases), servers))
    names = [server.name for server in servers]
    rows = list(zip(cases, zip(*columns)))
    if os.environ.get("STOKER_DIFFERENTIAL_TABLE"):
        print_table(names, rows)
    taken = collections.Counter(
        name for _, row in rows for name, verdict in zip(names, row) if verdict.is_in_step)
    print("in step to the end:", dict(taken))
    assert not differences(names, rows, 0), f"seed {SEED}:\n" + "\n".join(differences(names, rows, 0))
    # Cases that all refuse would prove nothing, a server that is not there would agree with everybody, and so would
    # one that is compared badly: these five do not agree.
    assert all(taken[name] >= COUNT / 20 for name in names), taken
    assert any(differences(names, rows, place) for place in range(1, len(names)))
