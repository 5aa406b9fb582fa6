"""The fault proxy does what it says: an exam is worth what its instruments are."""

import contextlib
import socket
import threading
import time

import pytest

from faultproxy import Fault, FaultProxy
from processes import wait_for

EVENTS = [b"data: %d\n\n" % i for i in range(8)]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
CHUNKS = [b"%x\r\n%s\r\n" % (len(e), e) for e in EVENTS]
WHOLE = HEAD + b"".join(CHUNKS) + b"0\r\n\r\n"
ASK = b"POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}"
PROBE = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n"


class Upstream:
    """Answers each request with the same stream, in pieces of any size, and counts who hung up."""

    def __init__(self, piece=7):
        self.piece, self.gone = piece, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError), connection:
            while connection.recv(65536):
                for start in range(0, len(WHOLE), self.piece):
                    connection.sendall(WHOLE[start:start + self.piece])
        self.gone += 1

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture(params=[1, 7, 4096], ids=["byte by byte", "in pieces", "at once"])
def upstream(request):
    made = Upstream(request.param)
    yield made
    made.close()


@pytest.fixture
def proxy(upstream):
    made = FaultProxy(upstream.port)
    yield made
    made.close()


def connect(proxy, timeout=5.0):
    return socket.create_connection(("127.0.0.1", proxy.port), timeout)


def exchange(client, request=ASK, end=b"0\r\n\r\n"):
    """What came, and how it ended: whole, fin, rst, silence."""
    client.sendall(request)
    received = b""
    try:
        while not received.endswith(end):
            more = client.recv(65536)
            if not more:
                return received, "fin"
            received += more
        return received, "whole"
    except ConnectionResetError:
        return received, "rst"
    except TimeoutError:
        return received, "silence"


def once(proxy, request=ASK, timeout=5.0):
    with connect(proxy, timeout) as client:
        return exchange(client, request)


def test_without_a_fault_bytes_pass_and_connections_are_kept(proxy):
    with connect(proxy) as client:
        for _ in range(3):
            assert exchange(client) == (WHOLE, "whole")
    assert proxy.accepted == 1


@pytest.mark.parametrize("kind, ending", [("reset", "rst"), ("cut", "fin")])
@pytest.mark.parametrize(
    "place, expected",
    [({}, b""), ({"byte": 20}, WHOLE[:20]), ({"events": 0}, HEAD), ({"events": 3}, HEAD + b"".join(CHUNKS[:3])[:-2])],
    ids=["before the first byte", "in the head", "behind the head", "behind the third event"])
def test_an_answer_ends_where_it_was_asked_to(proxy, kind, ending, place, expected):
    proxy.inject(Fault(kind, **place))
    assert once(proxy) == (expected, ending)


def test_refused(proxy):
    proxy.inject(Fault("refuse"))
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    proxy.clear()
    assert once(proxy)[1] == "whole"


def test_a_black_hole_neither_accepts_nor_refuses(proxy):
    proxy.inject(Fault("blackhole"))
    with pytest.raises(TimeoutError):
        connect(proxy, 0.5)
    proxy.clear()
    assert once(proxy)[1] == "whole"


def test_silence_before_the_first_byte_and_within_a_stream(proxy):
    proxy.inject(Fault("stall", times=1))
    proxy.inject(Fault("stall", events=2))
    assert once(proxy, timeout=0.5) == (b"", "silence")
    assert once(proxy, timeout=0.5) == (HEAD + b"".join(CHUNKS[:2])[:-2], "silence")


def test_a_stall_with_a_delay_goes_on_where_it_stood(proxy):
    proxy.inject(Fault("stall", events=2, delay=0.3))
    began = time.monotonic()
    assert once(proxy) == (WHOLE, "whole")
    assert time.monotonic() - began >= 0.3


def test_half_close_ends_one_direction_only(proxy, upstream):
    proxy.inject(Fault("half_close", events=1))
    with connect(proxy) as client:
        assert exchange(client) == (HEAD + CHUNKS[0][:-2], "fin")
        client.sendall(b"still open")
        assert upstream.gone == 0
    wait_for(lambda: upstream.gone == 1, "the upstream sees the client leave")


def test_corrupt_flips_what_it_was_asked_to(proxy):
    proxy.inject(Fault("corrupt", byte=9))
    received, ending = once(proxy)
    assert ending == "whole" and len(received) == len(WHOLE)
    assert [i for i in range(len(WHOLE)) if received[i] != WHOLE[i]] == [9]


def test_slices_are_the_same_bytes(proxy):
    proxy.inject(Fault("slice", size=1))
    assert once(proxy) == (WHOLE, "whole")


def test_bandwidth_takes_its_time(proxy):
    proxy.inject(Fault("bandwidth", rate=len(WHOLE) * 2))
    began = time.monotonic()
    assert once(proxy) == (WHOLE, "whole")
    assert time.monotonic() - began >= 0.3


def test_latency_delays_an_answer(proxy):
    proxy.inject(Fault("latency", delay=0.01))
    began = time.monotonic()
    assert once(proxy) == (WHOLE, "whole")
    assert time.monotonic() - began >= 0.01


def test_an_answer_before_the_body_is_read(proxy):
    early = b"HTTP/1.1 429 X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    proxy.inject(Fault("answer", payload=early))
    with connect(proxy) as client:
        assert exchange(client, ASK.replace(b"length: 2", b"length: 9999999"), end=b"\r\n\r\n") == (early, "whole")


def test_faults_are_counted_over_all_proxies_that_share_them(proxy, upstream):
    other = FaultProxy(upstream.port)
    fault = Fault("reset", times=1)
    proxy.inject(fault), other.inject(fault)
    assert sorted(once(p)[1] for p in (proxy, other, proxy)) == ["rst", "whole", "whole"]
    assert fault.hits == 1
    other.close()


def test_only_requests_that_match_are_hit(proxy):
    proxy.inject(Fault("reset"))
    assert once(proxy, PROBE)[1] == "whole"
    assert once(proxy)[1] == "rst"


def test_only_reused_connections_are_hit(proxy):
    proxy.inject(Fault("cut", reused=True))
    with connect(proxy) as client:
        assert exchange(client) == (WHOLE, "whole")
        assert exchange(client) == (b"", "fin")


def test_a_fault_can_strike_answers_that_are_under_way(upstream):
    proxy = FaultProxy(upstream.port)
    slow = proxy.inject(Fault("stall", events=1, delay=0.3, times=1))
    with connect(proxy) as client:
        client.sendall(ASK)
        wait_for(lambda: slow.hits == 1, "the answer has begun")
        proxy.reset_open()
        with pytest.raises(ConnectionResetError):
            while client.recv(65536):
                pass
    wait_for(lambda: proxy.open == 0, "no connection is left")
    proxy.close()


def test_a_fault_that_comes_later_counts_from_then_on(proxy):
    slow = proxy.inject(Fault("stall", events=1, delay=0.3))
    with connect(proxy) as client:
        client.sendall(ASK)
        wait_for(lambda: slow.hits == 1, "the answer has begun")
        received = b""
        while CHUNKS[0][:-2] not in received:
            received += client.recv(65536)
        proxy.inject(Fault("cut", events=2), now=True)
        while more := client.recv(65536):
            received += more
    assert received == HEAD + b"".join(CHUNKS[:3])[:-2]


def test_faults_can_be_written_as_text():
    assert Fault.parse("stall events=5 delay=0.5 times=1 match=GET").delay == 0.5
    for wrong in ("explode", "reset evnts=5"):
        with pytest.raises(ValueError, match="known"):
            Fault.parse(wrong)
