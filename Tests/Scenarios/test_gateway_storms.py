"""The gateway with a hundred requests in flight, thousands of connections, clients that do not read, and no rest."""

import os
import signal
import socket

import pytest

from load import Burst, failed
from mixed import Traffic, resident_kib, slope, watch
from processes import wait_for
from simulators import PATIENT, metric
from stack import QUICK, STOKER, free_port, http
from streams import Streams, request

# Two seconds to an answer of a hundred tokens: long enough to be struck in the middle.
SLOW = ["--ttft", "100ms", "--itl", "20ms", "--tokens", "100"]


def simulated(port, *flags, **keys):
    """A simulator as a process of the config."""
    command = [STOKER, "simulate", "--model", "m", "--listen", "127.0.0.1:${PORT}", *flags]
    return {"kind": "inference", "engine": "simulator", "command": command, "port": port, **QUICK, **keys}


@pytest.fixture
def two(stack):
    """Two supervised simulators behind model `m`, and what they say to `stream 0` and on."""

    def make(*flags, deadlines=None):
        ports = [free_port(), free_port()]
        made = stack(
            {name: simulated(port, *flags) for name, port in zip("ab", ports)},
            {"m": {"backends": ["a", "b"], "deadlines": deadlines or PATIENT}}).start().ready()
        return made, ports

    return make


def in_flight(stack):
    return metric(http(f"{stack.admin}/metrics").text, "stoker_gateway_requests_in_flight")


def engine(port):
    """What a simulator says of itself."""
    return http(f"http://127.0.0.1:{port}/simulator/state").json


def working(port):
    return engine(port)["requests"]["in_flight"]


def strike(stack, ports, number, events=0):
    """Waits until both engines are in the middle of a hundred answers, and sends a signal to `a`; its pid."""
    pid, begun = stack.pid("a"), engine(ports[0])["events"]
    wait_for(lambda: in_flight(stack) >= 100 and working(ports[0]) >= 40, "100 requests in flight", 30)
    wait_for(lambda: engine(ports[0])["events"] - begun >= events, "they have begun", 30)
    os.kill(pid, number)
    return pid


def count(event):
    """How many requests an event of the gateway's is about."""
    return next(int(line.split()[1]) for line in event["evidence"] if line.startswith("count: "))


@pytest.fixture
def revived():
    """Processes to be continued after the scenario."""
    pids = []
    yield pids
    for pid in pids:
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass


@pytest.mark.parametrize("chat", [False, True], ids=["completions", "chat"])
def test_kill_of_one_of_two_engines_breaks_none_of_100_streams(two, chat):
    made, ports = two(*SLOW)
    expected = [a.text for a in Streams(ports[1], 100, chat=chat).answers()]
    streams = Streams(made.gateway_port, 100, chat=chat)
    # Ten events of a hundred, of each of the fifty.
    strike(made, ports, signal.SIGKILL, events=500)
    answers = streams.answers()
    assert [a for a in answers if not a.is_good] == []
    assert [a.text for a in answers] == expected
    seams = sum(len(a.seams) for a in answers)
    assert seams >= 20, "the engine was in the middle of them"
    # Told as what it is: some streams of one engine, with a few of them by name.
    wait_for(lambda: sum(count(e) for e in made.events("stream.continued", "a")) == seams, f"{seams} are told")
    told = made.events("stream.continued")
    assert {e.get("subject") for e in told} == {"a"} and len(told) <= 5, told
    assert all({"from: a", "to: b"} <= set(e["evidence"]) for e in told), told
    assert sum(line.startswith("request: ") for e in told for line in e["evidence"]) <= 5 * len(told)
    assert made.events("stream.lost") == []


def test_kill_of_one_of_two_engines_fails_none_of_100_unary_requests(two):
    made, ports = two(*SLOW)
    burst = Burst(made, 100)
    strike(made, ports, signal.SIGKILL)
    assert failed(burst.answers()) == []


@pytest.mark.parametrize("kind", ["streams", "unary"])
def test_freezing_one_of_two_engines_breaks_nothing_and_it_is_left(two, revived, kind):
    made, ports = two(*SLOW, deadlines={"connect": "1s", "first_token": "5s", "stall": "1s"})
    under_way = Streams(made.gateway_port, 100) if kind == "streams" else Burst(made, 100)
    revived.append(strike(made, ports, signal.SIGSTOP, events=500 if kind == "streams" else 0))
    answers = under_way.answers()
    if kind == "streams":
        assert [a for a in answers if not a.is_good] == []
        assert {len(a.text.split()) for a in answers} == {100}
    else:
        assert failed(answers) == []
        # Whether its health path was given up on in time is a matter of moments.
        wait_for(lambda: made.events("backend.frozen", "a") or made.events("backend.silent", "a"), "it is told")
    # Left alone: what comes now meets it no more.
    page = lambda: http(f"{made.admin}/metrics").text  # noqa: E731
    before = metric(page(), "stoker_gateway_upstream_errors_total", backend="a")
    assert failed([made.complete(f"after {i}") for i in range(10)]) == []
    assert metric(page(), "stoker_gateway_upstream_errors_total", backend="a") - before <= 2


def test_freezing_and_thawing_again_doubles_nothing(two, revived):
    made, ports = two(*SLOW, deadlines={**PATIENT, "stall": "1s"})
    expected = [a.text for a in Streams(ports[1], 100).answers()]
    streams = Streams(made.gateway_port, 100)
    known = engine(ports[1])["requests"]["received"]
    pid = strike(made, ports, signal.SIGSTOP, events=500)
    revived.append(pid)
    wait_for(
        lambda: engine(ports[1])["requests"]["received"] - known >= 90, "the other engine has taken over", 20)
    # What the first one had still to say comes late, to nobody.
    os.kill(pid, signal.SIGCONT)
    answers = streams.answers()
    assert [a for a in answers if not a.is_good] == []
    assert [a.text for a in answers] == expected


def test_b22_clients_that_do_not_read_cost_bounded_memory_and_are_cut_off(rig):
    made = rig("--ttft", "20ms", "--itl", "5ms", "--tokens", "12", gateway={"write_timeout": "2s"})
    for i in range(10):
        assert made.ask(f"warm {i}").status == 200
    base, count, clients = resident_kib(made.gateway_pid()), 20, []
    body = {"model": "m", "prompt": "huge", "stream": True}
    try:
        for _ in range(count):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", made.port))
            client.sendall(request(body, headers={"x-simulator-fault": "huge-event after=1 bytes=8MiB"}))
            clients.append(client)
        most = 0

        def all_cut_off():
            nonlocal most
            most = max(most, resident_kib(made.gateway_pid()))
            assert made.ask("meanwhile").status == 200
            return made.metric("stoker_gateway_client_disconnects_total", phase="slow_reader") == count

        wait_for(all_cut_off, "all slow readers are cut off", 30)
    finally:
        for client in clients:
            client.close()
    assert most - base <= count * 1024 + 8192, f"{most - base} KiB for {count} clients"
    wait_for(lambda: sum(s.in_flight() for s in made.simulators.values()) == 0, "the engines are told to stop")


def test_b23_idle_connections_are_cheap(rig):
    # Idle ones are closed after the time that a head may take.
    made = rig(gateway={"head_timeout": "2m"})
    assert made.ask("warm").status == 200
    base, count, idle = resident_kib(made.gateway_pid()), 4000, []
    try:
        for _ in range(count):
            idle.append(socket.create_connection(("127.0.0.1", made.port), 10))
        wait_for(lambda: made.metric("stoker_gateway_connections") >= count, "all are accepted", 20)
        assert failed([made.ask(f"beside {i}") for i in range(10)]) == []
        grown = resident_kib(made.gateway_pid()) - base
        assert grown <= count * 16, f"{grown / count:.1f} KiB a connection"
    finally:
        for connection in idle:
            connection.close()
    wait_for(lambda: made.metric("stoker_gateway_connections") < 10, "all are gone", 30)


def burst(stack, pid, count, timeout):
    """Connections that come while the gateway is not looking; they are the kernel's until it does."""
    os.kill(pid, signal.SIGSTOP)
    return [socket.create_connection(("127.0.0.1", stack.gateway_port), timeout) for _ in range(count)]


def test_a_burst_of_connections_waits_in_the_backlog(rig, revived):
    made = rig()
    revived.append(made.gateway_pid())
    # A SYN that the kernel drops is sent again only after a second.
    waiting = burst(made.stack, revived[0], 1000, timeout=0.9)
    os.kill(revived[0], signal.SIGCONT)
    for connection in waiting[-3:]:
        connection.settimeout(20)
        connection.sendall(b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
    for connection in waiting:
        connection.close()


def test_a_stop_in_the_middle_of_a_burst_ends(rig, revived):
    made = rig()
    revived.append(made.gateway_pid())
    waiting = burst(made.stack, revived[0], 100, timeout=5)
    os.kill(revived[0], signal.SIGCONT)
    assert made.stack.stop(timeout=15) == 0
    for connection in waiting:
        connection.close()


def test_half_a_minute_of_everything_leaves_no_growth_behind(rig):
    made = rig("--ttft", "10ms", "--itl", "2ms", "--tokens", "12")
    pid = made.gateway_pid()
    traffic = Traffic(made.port)
    try:
        # Pools, buffers and the allocator fill up first.
        watch(pid, 10)
        samples = watch(pid, 15)
    finally:
        traffic.stop()
    assert traffic.failures == []
    assert traffic.total > 100, traffic.counts
    assert made.gateway_pid() == pid, "it is the same gateway"
    growth = slope(samples) * 15
    assert growth <= 4096, f"{growth:.0f} KiB in 15 s: {[kib for _, kib in samples]}"
    wait_for(lambda: sum(s.in_flight() for s in made.simulators.values()) == 0, "the engines are idle")
