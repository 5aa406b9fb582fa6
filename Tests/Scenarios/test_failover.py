"""What dies, and what clients see of it."""

import os
import signal
import time

from load import Burst, failed
from processes import alive, wait_for
from stack import engine, free_port, http


def in_flight(stack):
    """How many client requests the gateway holds, by its own metric."""
    page = http(f"{stack.admin}/metrics").text
    lines = [x for x in page.splitlines() if x.startswith("stoker_gateway_requests_in_flight")]
    return sum(float(x.split()[-1]) for x in lines)


def test_kill_of_one_of_two_engines_fails_none_of_100_requests_in_flight(pair):
    stack = pair("--delay", "1").start().ready()
    burst = Burst(stack, 100)
    wait_for(lambda: in_flight(stack) >= 100, "100 requests in flight")
    dead = stack.kill("a")
    answers = burst.answers()
    assert failed(answers) == []
    # Each client got the answer to its own question.
    assert [a.json["choices"][0]["text"] for a in answers] == [f"request {i}" for i in range(100)]
    exited = stack.wait_event("process.exited", "a")
    assert "SIGKILL" in exited["message"] + " ".join(exited["evidence"])
    stack.ready()
    assert stack.pid("a") != dead


def test_kill_of_all_engines_is_a_503_with_retry_after_and_mends_itself(pair):
    stack = pair("--delay", "0.2", restart={"backoff": {"initial": "1s", "max": "2s"}}).start().ready()
    killed = [stack.kill("a"), stack.kill("b")]
    began = time.monotonic()
    refused = wait_for(lambda: (a := stack.complete()) and a.status != 200 and a, "a refusal", 5)
    assert refused.status == 503 and time.monotonic() - began < 5
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.json["error"]["message"]
    stack.ready()
    assert stack.complete().status == 200
    assert not {stack.pid("a"), stack.pid("b")} & set(killed)


def test_standby_serves_only_while_no_first_choice_is_left(stack):
    ports = [free_port(), free_port()]
    made = stack(
        {"a": engine(ports[0], autostart=True), "spare": engine(ports[1])},
        {"m": {"backends": ["a"], "standby": ["spare"]}}).start().ready()
    first, spare = made.pid("a"), made.pid("spare")
    served = lambda: int(made.complete().headers["x-engine"])  # noqa: E731
    assert {served() for _ in range(10)} == {first}
    assert made.cli("stop", "a").returncode == 0
    wait_for(lambda: made.process("a")["state"] == "stopped", "a is stopped")
    assert {served() for _ in range(10)} == {spare}
    assert made.cli("start", "a").returncode == 0
    made.ready()
    assert {served() for _ in range(10)} == {made.pid("a")}


def test_kill_of_the_gateway_costs_its_connections_only(pair):
    stack = pair().start().ready()
    engines = [stack.pid("a"), stack.pid("b")]
    gateway = next(p["pid"] for p in stack.status()["processes"] if p["name"] == "gateway")
    os.kill(gateway, signal.SIGKILL)
    # The listening socket lives in the control plane: a connection waits in the backlog, none is refused.
    assert wait_for(lambda: (a := stack.complete()) and a.status == 200, "the next gateway serves", 10)
    stack.ready()
    assert [stack.pid("a"), stack.pid("b")] == engines


def test_kill_of_the_control_plane_is_invisible_and_the_next_one_ends_its_leftovers(pair):
    stack = pair("--delay", "1").start().ready()
    old = {p["name"]: p["pid"] for p in stack.status()["processes"]}
    burst = Burst(stack, 100)
    wait_for(lambda: in_flight(stack) >= 100, "100 requests in flight")
    stack.daemon.kill()
    stack.daemon.wait(10)
    assert failed(burst.answers()) == []
    # And new requests too, with nobody in control.
    assert failed(Burst(stack, 20).answers()) == []
    assert all(alive(pid) for pid in old.values())

    stack.start().ready()
    assert stack.events("daemon.swept-leftover")
    assert not [name for name, pid in old.items() if alive(pid)]
    assert stack.complete().status == 200


def test_an_engine_that_fails_its_health_leaves_the_rotation_and_comes_back(stack, tmp_path):
    flag = tmp_path / "unwell"
    ports = [free_port(), free_port()]
    made = stack(
        {"a": engine(ports[0], "--unhealthy-when", str(flag)), "b": engine(ports[1])},
        {"m": {"backends": ["a", "b"]}}).start().ready()
    pid = made.pid("a")
    flag.touch()
    wait_for(lambda: made.process("a")["state"] == "unready", "a is unready")
    made.wait_event("process.unready", "a")
    other = made.pid("b")
    # The table follows the state within moments.
    wait_for(lambda: {int(made.complete().headers["x-engine"]) for _ in range(4)} == {other}, "only b serves", 5)
    flag.unlink()
    made.ready()
    assert made.pid("a") == pid, "readiness never restarts"
    wait_for(lambda: {int(made.complete().headers["x-engine"]) for _ in range(8)} == {pid, other}, "both serve", 5)
