"""What clients may send, good and bad, and what they get."""

import http.client
import json
import socket
import time

import pytest

from processes import wait_for
from stack import Stack, engine, free_port, http as ask


def stream(port, path="/v1/completions", **fields):
    """A streamed answer as raw bytes, chunked coding undone."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    body = {"model": "m", "prompt": "x", "stream": True, **fields}
    connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
    response = connection.getresponse()
    data = response.read()
    connection.close()
    return response, data


def raw(port, *parts, timeout=15.0):
    """Sends bytes as they are and reads until a head has come or the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as client:
        for part in parts:
            client.sendall(part)
        received = b""
        try:
            while b"\r\n\r\n" not in received and (more := client.recv(65536)):
                received += more
        except ConnectionResetError:
            pass
    return received


def status_of(received):
    return int(received.split(b" ", 2)[1]) if received.startswith(b"HTTP/1.1 ") else None


def test_a_stream_arrives_byte_for_byte(pair):
    stack = pair().start().ready()
    port = int(stack.process("a")["address"].rpartition(":")[2])
    direct, expected = stream(port)
    through, received = stream(stack.gateway_port)
    assert received == expected
    assert through.getheader("content-type") == direct.getheader("content-type")


def test_events_of_a_stream_are_passed_on_one_by_one(pair):
    stack = pair("--events", "5", "--gap", "0.3").start().ready()
    connection = http.client.HTTPConnection("127.0.0.1", stack.gateway_port, timeout=20)
    connection.request("POST", "/v1/completions", '{"model":"m","prompt":"x","stream":true}')
    response = connection.getresponse()
    arrivals = []
    while response.readline():
        arrivals.append(time.monotonic())
    # Buffered, all would arrive together at the end.
    assert arrivals[-1] - arrivals[0] > 1.0
    connection.close()


def test_a_client_that_leaves_ends_the_work_upstream(stack):
    port = free_port()
    made = stack({"a": engine(port, "--events", "1000", "--gap", "0.05")}, {"m": {"backends": ["a"]}}).start().ready()
    with socket.create_connection(("127.0.0.1", made.gateway_port), timeout=10) as client:
        body = b'{"model":"m","prompt":"x","stream":true}'
        client.sendall(b"POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        assert client.recv(4096).startswith(b"HTTP/1.1 200")
    wait_for(lambda: ask(f"http://127.0.0.1:{port}/count").json["gone"] == 1, "the engine sees it leave", 3)


def test_models_come_from_the_plan(pair):
    stack = pair().start().ready()
    assert [m["id"] for m in ask(f"{stack.gateway}/v1/models").json["data"]] == ["m"]


@pytest.mark.parametrize(
    "body, status",
    [
        (b"{", 400),
        (b"[]", 400),
        (b'{"prompt":"x"}', 400),
        (b'{"model":7}', 400),
        (b'{"model":"nobody","prompt":"x"}', 404),
        (b'{"model":"m","prompt":"' + b"x" * (1 << 21) + b'"}', 413),
    ],
    ids=["half JSON", "an array", "no model", "model is a number", "unknown model", "too large"])
def test_a_bad_body_is_refused_in_the_words_of_openai(pair, body, status):
    stack = pair()
    stack.plan["gateway"]["max_body"] = "1MiB"
    stack.write()
    stack.start().ready()
    answer = ask(f"{stack.gateway}/v1/completions", body)
    # Refusing an upload early may reset the connection under a client that still sends; then the raw answer counts.
    if answer is None:
        head = b"POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
        assert status_of(raw(stack.gateway_port, head)) == status
    else:
        assert answer.status == status
        assert set(answer.json["error"]) >= {"message", "type", "code"}
    assert stack.complete().status == 200


GARBAGE = {
    "noise": b"\x00\xff\x16\x03\x01 nonsense\r\n\r\n",
    "TLS hello": bytes.fromhex("16030100c8010000c40303") + b"\x00" * 190 + b"\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "space in a name": b"GET / HTTP/1.1\r\nhost : x\r\n\r\n",
    "two lengths": b"POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
    "length and chunks": b"POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n"
    b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "bad chunk": b"POST /v1/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n",
    "negative length": b"POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
    "huge head": b"GET / HTTP/1.1\r\nhost: x\r\n" + b"a: " + b"b" * 70000 + b"\r\n\r\n",
}


@pytest.fixture(scope="module")
def garbage_stack(tmp_path_factory):
    made = Stack(
        tmp_path_factory.mktemp("s"), {"a": engine(free_port())}, {"m": {"backends": ["a"]}})
    made.plan["gateway"]["head_timeout"] = "1s"
    made.write()
    yield made.start().ready()
    assert made.stop() == 0


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_a_4xx_and_hurts_nobody(garbage_stack, name):
    neighbour = http.client.HTTPConnection("127.0.0.1", garbage_stack.gateway_port, timeout=10)
    neighbour.request("POST", "/v1/completions", '{"model":"m","prompt":"before"}')
    assert neighbour.getresponse().read()
    status = status_of(raw(garbage_stack.gateway_port, GARBAGE[name]))
    assert status is not None and 400 <= status < 500
    # The neighbour's connection is the same one, and still good.
    neighbour.request("POST", "/v1/completions", '{"model":"m","prompt":"after"}')
    assert json.loads(neighbour.getresponse().read())["choices"][0]["text"] == "after"
    neighbour.close()


def test_half_a_head_is_a_408_in_time(garbage_stack):
    began = time.monotonic()
    assert status_of(raw(garbage_stack.gateway_port, b"POST /v1/comple")) == 408
    assert 0.5 < time.monotonic() - began < 5


def test_a_body_that_never_comes_holds_up_nobody(garbage_stack):
    with socket.create_connection(("127.0.0.1", garbage_stack.gateway_port)) as half:
        half.sendall(b"POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
        assert garbage_stack.complete().status == 200


def test_an_engine_that_is_too_slow_is_a_504(pair):
    stack = pair("--delay", "30", deadlines={"answer": "1s"}).start().ready()
    began = time.monotonic()
    answer = stack.complete()
    assert answer.status == 504 and time.monotonic() - began < 5
