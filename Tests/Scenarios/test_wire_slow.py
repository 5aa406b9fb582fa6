"""Clients that are slow, silent or gone: each is bounded in time and memory, and nobody else notices."""

import contextlib
import os
import socket
import struct
import threading
import time

import pytest

from bare_gateway import BareGateway
from processes import wait_for
from rude import CHUNKED, DONE, EVENT, RudeServer, chunk

BODY = b'{"model":"m"}'
POST = b"POST /v1/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 13\r\n\r\n" + BODY
CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n"
HEALTH = b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n"
# Seconds that a head, or the next piece of a body, may take; and a client to take what was written.
PATIENCE = 1.0


@pytest.fixture
def backend():
    made = RudeServer()
    yield made
    made.close()


@pytest.fixture
def gateway(backend, tmp_path_factory):
    made = BareGateway(tmp_path_factory.mktemp("w"), backend.port, head_timeout=PATIENCE, write_timeout=PATIENCE)
    yield made
    made.stop()


def connect(gateway, **options):
    return socket.create_connection(("127.0.0.1", gateway.port), timeout=20, **options)


def everything(client):
    """All that comes until the other side is done."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while more := client.recv(65536):
            received += more
    return received


def status_of(received):
    return int(received.split(b" ", 2)[1]) if received.startswith(b"HTTP/1.1 ") else None


def is_well(gateway):
    """A client with manners is served at once."""
    began = time.monotonic()
    with connect(gateway) as client:
        client.sendall(HEALTH)
        assert status_of(client.recv(4096)) == 200
    assert time.monotonic() - began < PATIENCE


def drip(client, data, pause, stop):
    """Sends a byte now and then until told to stop or nobody listens."""
    with contextlib.suppress(OSError):
        for place in range(len(data)):
            client.sendall(data[place:place + 1])
            if stop.wait(pause):
                return


def reset(client):
    """Closes with RST in place of FIN."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@pytest.mark.parametrize("pause", [0.02, 0.9 * PATIENCE], ids=["quickly", "just within the patience"])
def test_a_head_in_single_bytes_has_one_deadline_for_all_of_it(gateway, backend, pause):
    stop = threading.Event()
    with connect(gateway) as client:
        began = time.monotonic()
        head = b"POST /v1/completions HTTP/1.1\r\nHost: h\r\nX: " + b"x" * 1000
        sender = threading.Thread(target=drip, args=(client, head, pause, stop))
        sender.start()
        # Somebody else is served while it lasts.
        is_well(gateway)
        received = everything(client)
        took = time.monotonic() - began
        stop.set()
        sender.join()
    assert status_of(received) == 408
    assert 0.9 * PATIENCE < took < 4 * PATIENCE
    assert gateway.counted("stoker_gateway_rejected_requests_total", "reason") == {"slow_request": 1}
    assert backend.accepted == 0


def test_a_head_behind_a_served_request_has_the_same_deadline(gateway):
    with connect(gateway) as client:
        client.sendall(POST + b"POST /v1/comple")
        received = everything(client)
    assert received.startswith(b"HTTP/1.1 200 ") and b"HTTP/1.1 408 " in received


@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 100\r\n\r\n{", CHUNKS + b"5\r\nab", CHUNKS,
     CHUNKS + b"d\r\n" + BODY + b"\r\n0\r\nX-Late: 1\r\n"],
    ids=["by its length", "in a chunk", "before the first chunk", "in the trailers"])
def test_a_body_that_stops_coming_is_a_408(gateway, backend, head):
    with connect(gateway) as client:
        began = time.monotonic()
        client.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: h\r\n" + head)
        assert status_of(everything(client)) == 408
    assert 0.9 * PATIENCE < time.monotonic() - began < 4 * PATIENCE
    assert backend.accepted == 0


def test_a_slow_body_that_keeps_coming_is_taken(gateway):
    stop = threading.Event()
    body = BODY[:-1] + b" " * 40 + b"}"
    with connect(gateway) as client:
        client.sendall(POST.partition(b"Content")[0] + b"Content-Length: %d\r\n\r\n" % len(body))
        # Longer than the patience in all, never in one piece.
        drip(client, body, 2 * PATIENCE / len(body), stop)
        assert status_of(client.recv(65536)) == 200


def test_who_connects_and_says_nothing_is_let_go(gateway):
    with connect(gateway) as client:
        began = time.monotonic()
        assert everything(client) == b""
        assert 0.9 * PATIENCE < time.monotonic() - began < 4 * PATIENCE
    assert gateway.counted("stoker_gateway_rejected_requests_total", "reason") == {}


@pytest.mark.parametrize(
    "sent",
    [b"", b"POST /v1/comple", POST[:-5], b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"],
    ids=["before a word", "in the head", "in the body", "in a chunk"])
@pytest.mark.parametrize("how", [reset, socket.socket.close], ids=["RST", "FIN"])
def test_who_leaves_in_the_middle_leaves_nothing_behind(gateway, backend, sent, how):
    client = connect(gateway)
    client.sendall(sent)
    how(client)
    wait_for(lambda: not gateway.counted("stoker_gateway_connections", "listener"), "the connection is gone", 3)
    is_well(gateway)
    assert backend.accepted == 0


@pytest.mark.parametrize("request_bytes", [HEALTH, POST, POST + HEALTH], ids=["own answer", "forwarded", "both"])
def test_who_says_all_and_closes_its_side_still_gets_every_answer(gateway, request_bytes):
    with connect(gateway) as client:
        client.sendall(request_bytes)
        client.shutdown(socket.SHUT_WR)
        received = everything(client)
    # An interim answer is allowed before the final one.
    assert received.count(b"HTTP/1.1 200 ") == request_bytes.count(b"HTTP/1.1"), received
    assert b" 4" not in received.split(b"\r\n")[0] and b" 5" not in received.split(b"\r\n")[0]


def test_who_leaves_a_stream_with_a_reset_frees_the_backend(tmp_path_factory):
    backend = EndlessStream()
    gateway = BareGateway(tmp_path_factory.mktemp("w"), backend.port)
    try:
        client = connect(gateway)
        client.sendall(POST)
        assert status_of(client.recv(65536)) == 200
        reset(client)
        assert backend.broken.wait(5), "the backend goes on for nobody"
        assert gateway.counted("stoker_gateway_client_disconnects_total", "phase") == {"streaming": 1}
    finally:
        gateway.stop()
        backend.close()


def test_who_takes_nothing_is_cut_off_and_the_backend_with_it(tmp_path_factory):
    backend = EndlessStream()
    gateway = BareGateway(tmp_path_factory.mktemp("w"), backend.port, write_timeout=PATIENCE)
    try:
        client = socket.socket()
        # A window of a few KiB: what is not taken stays in the gateway's hands.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", gateway.port))
        with client:
            client.sendall(POST)
            assert backend.broken.wait(15), "the backend goes on for nobody"
            phases = lambda: gateway.counted("stoker_gateway_client_disconnects_total", "phase")  # noqa: E731
            wait_for(lambda: phases().get("slow_reader") == 1, "it is counted", 5)
        # What it never took was not gathered: kernel buffers, and no more than that of our own.
        assert backend.sent < 64 << 20
        is_well(gateway)
    finally:
        gateway.stop()
        backend.close()


class EndlessStream:
    """A backend that streams events as fast as they are taken, until somebody hangs up."""

    def __init__(self):
        self.broken = threading.Event()
        self.sent = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return
        with connection:
            connection.recv(65536)
            connection.sendall(CHUNKED)
            events = chunk(EVENT) * 100
            try:
                while True:
                    self.sent += connection.send(events)
            except OSError:
                self.broken.set()

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def cpu_seconds(pid):
    """Of all threads, user and system, to the nanosecond."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def cost_of_small_chunks(gateway, size):
    """CPU seconds for 300 chunks of a byte, each in a packet of its own, behind one of `size` bytes."""
    with connect(gateway) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(POST.partition(b"Content")[0] + CHUNKS + b"%x\r\n%s\r\n" % (size, b"x" * size))
        before = cpu_seconds(gateway.process.pid)
        pause = threading.Event()
        for _ in range(300):
            client.sendall(b"1\r\nx\r\n")
            pause.wait(0.001)
        client.sendall(b"no chunk\r\n")
        assert status_of(everything(client)) == 400
    return cpu_seconds(gateway.process.pid) - before


def test_a_piece_of_a_large_body_costs_no_more_than_one_of_a_small_body(backend, tmp_path_factory):
    gateway = BareGateway(tmp_path_factory.mktemp("w"), backend.port, maxBody=64 << 20)
    try:
        cost_of_small_chunks(gateway, 1)
        small, large = cost_of_small_chunks(gateway, 1), cost_of_small_chunks(gateway, 16 << 20)
        # Copying what has come for each piece made this 40. What of the 16 MiB is still to be read counts as well.
        assert large < 8 * small, f"{large:.3f} s against {small:.3f} s"
    finally:
        gateway.stop()


def resident_kib(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


@pytest.mark.parametrize("sent", [b"", HEALTH, b"POST /v1/completions HTTP/1.1\r\nHost: h\r\nX: "],
                         ids=["silent", "served before", "in a head"])
def test_2000_connections_that_wait_cost_little_each(backend, tmp_path_factory, sent):
    gateway = BareGateway(tmp_path_factory.mktemp("w"), backend.port, head_timeout=60)
    count = 2000
    # The release program keeps to 16; a debug program is as large as it is.
    bound = 16 if "release" in os.environ.get("STOKER_PROGRAMS", "") else 48
    with contextlib.ExitStack() as clients:
        clients.callback(gateway.stop)
        is_well(gateway)
        before = resident_kib(gateway.process.pid)
        for _ in range(count):
            client = clients.enter_context(connect(gateway))
            client.sendall(sent)
            if sent == HEALTH:
                assert client.recv(4096)
        wait_for(
            lambda: sum(gateway.counted("stoker_gateway_connections", "listener").values()) == count,
            "all are accepted")
        each = (resident_kib(gateway.process.pid) - before) / count
        print(f"{each:.1f} KiB a connection")
        is_well(gateway)
        assert each <= bound
