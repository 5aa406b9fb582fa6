"""Who serves when nobody of the first choice does, how soon, and how the way back goes."""

import sys
import time

from load import Burst, failed
from processes import wait_for
from simulators import Simulator
from stack import QUICK, SCENARIOS, engine, free_port, http
from streams import Streams

# What a busy machine and a debug build take on top of what is promised.
SLACK = 1.0


def simulator(port, *flags, **keys):
    """A process of the config: `stoker simulate` with the flags."""
    return {"engine": "simulator", "added_arguments": list(flags), "port": port, **QUICK, **keys}


def ports(count):
    return [free_port() for _ in range(count)]


def seconds_until_served(stack, began):
    """Asks again and again, as a client would that was refused."""
    wait_for(lambda: (a := stack.complete(timeout=20, max_tokens=1)) and a.status == 200, "somebody serves", 30)
    return time.monotonic() - began


def received(port):
    return http(f"http://127.0.0.1:{port}/simulator/state").json["requests"]["received"]


def test_all_primaries_killed_with_a_warm_standby_fails_nobody(stack):
    a, b, w = ports(3)
    made = stack(
        {"a": engine(a, "--delay", "0.5"), "b": engine(b, "--delay", "0.5"), "w": engine(w)},
        {"m": {"backends": ["a", "b"], "standby": ["w"]}}).start().ready()
    spare = made.pid("w")
    burst = Burst(made, 40)
    wait_for(lambda: "stoker_gateway_requests_in_flight{" in http(f"{made.admin}/metrics").text, "requests arrive")
    for name in "ab":
        made.kill(name)
    began = time.monotonic()
    assert made.complete().status == 200 and time.monotonic() - began <= 1 + SLACK
    answers = burst.answers()
    assert failed(answers) == []
    assert str(spare) in {answer.headers["x-engine"] for answer in answers}
    assert "nobody above" in made.wait_event("standby.promoted", "w")["message"]
    made.wait_event("standby.failback", "w")
    assert made.pid("w") == spare, "a warm standby is never stopped"


def test_a_cold_standby_serves_after_its_load_and_steps_back_without_a_broken_stream(stack):
    a, b, c = ports(3)
    made = stack(
        {"a": simulator(a, "--startup", "4s"), "b": simulator(b, "--startup", "4s"),
         "c": simulator(c, "--startup", "1s", "--itl", "50ms", "--tokens", "120", standby="cold")},
        {"m": {"backends": ["a", "b"], "standby": ["c"], "failback": "2s"}}).start().ready("a", "b")
    assert made.process("c")["standby"] == {"mode": "cold"}
    assert "cold standby" in made.cli("status").stdout
    for name in "ab":
        made.kill(name)
    took = seconds_until_served(made, time.monotonic())
    # A second to load and one to decide; the primaries take four.
    assert took <= 2 + SLACK, took
    assert received(c) == 1
    wait_for(lambda: "servingSince" in made.process("c")["standby"], "the gateway has said that it sends to c")
    assert "standby, serving since" in made.cli("status").stdout

    streams = Streams(made.gateway_port, 10)
    wait_for(lambda: received(c) == 11, "the standby has the streams")
    made.ready("a", "b")
    made.wait_event("standby.failback", "c")
    assert made.complete(max_tokens=1).status == 200 and received(c) == 11, "new requests go to the backends"
    answers = streams.answers()
    assert all(answer.is_good and not answer.seams for answer in answers), answers
    wait_for(lambda: made.process("c")["state"] == "stopped", "the standby has stepped back", 30)
    assert [e["kind"] for e in made.events(subject="c") if e["kind"].startswith("standby.")] == [
        "standby.promoted", "standby.ready", "standby.failback"]
    # From now on it is known what it costs.
    assert 1 <= made.process("c")["standby"]["loadSeconds"] < 4
    assert "s to load" in made.cli("status").stdout


def test_a_standby_that_never_loads_is_named_and_the_next_one_serves(stack):
    a, c, d = ports(3)
    made = stack(
        {"a": simulator(a), "c": {**simulator(c), "command": ["/bin/false"], "standby": "cold"},
         "d": simulator(d, standby="cold")},
        {"m": {"backends": ["a"], "standby": ["c", "d"]}}).start().ready("a")
    assert made.cli("stop", "a").returncode == 0
    assert seconds_until_served(made, time.monotonic()) < 5 + SLACK
    assert received(d) == 1
    event = made.wait_event("standby.failed", "c")
    assert event["message"] == "It does not load; d is tried instead." and event["evidence"]
    assert "not tried again" in made.process("c")["standby"]["note"]


def test_a_primary_that_is_broken_leaves_its_gpu_to_the_standby_until_a_person_starts_it(stack, tmp_path):
    flag, (a, c) = tmp_path / "broken", ports(2)
    script = f"test ! -e {flag} || exit 1; exec {sys.executable} {SCENARIOS}/engine.py --port {a}"
    primary = {**engine(a), "command": ["/bin/sh", "-c", script], "exclusive": "gpu0"}
    made = stack(
        {"a": primary, "c": engine(c, standby="cold", exclusive="gpu0")},
        {"m": {"backends": ["a"], "standby": ["c"], "failback": "1s"}}).start().ready("a")
    # Alive it keeps what it has, whoever asks.
    assert made.cli("start", "c", "--no-wait").returncode == 0
    wait_for(lambda: made.process("c")["reason"] == "waits: gpu0 is held by a", "c waits for the GPU")
    assert made.cli("stop", "c").returncode == 0

    flag.touch()
    made.kill("a")
    assert seconds_until_served(made, time.monotonic()) < 10
    assert made.process("c")["state"] == "ready" and made.process("a")["state"] in ("stopped", "failed")
    starts = made.starts("a")
    flag.unlink()
    assert made.cli("start", "a", "--no-wait").returncode == 0
    made.ready("a")
    assert made.process("c")["state"] == "stopped" and made.starts("a") == starts + 1
    assert "was started and needs" in made.wait_event("standby.failback", "c")["message"]
    assert made.complete().headers["x-engine"] == str(made.pid("a"))


def test_another_site_is_used_only_when_both_here_are_gone(stack):
    a, w = ports(2)
    far = Simulator()
    try:
        made = stack(
            {"a": engine(a), "w": engine(w),
             "far": {"engine": "simulator", "url": far.url, "site": "elsewhere", "probes": QUICK["probes"]}},
            {"m": {"backends": ["a"], "standby": ["far", "w"]}}).start().ready()
        assert made.cli("stop", "a").returncode == 0
        wait_for(lambda: made.process("a")["state"] == "stopped", "a is stopped")
        assert {made.complete().status for _ in range(5)} == {200} and far.received() == 0
        assert made.cli("stop", "w").returncode == 0
        wait_for(lambda: made.process("w")["state"] == "stopped", "w is stopped")
        assert {made.complete().status for _ in range(5)} == {200} and far.received() == 5
        assert made.process("far")["standby"]["site"] == "elsewhere"
        made.wait_event("standby.promoted", "far")
        assert made.cli("start", "w").returncode == 0
        made.ready("w")
        made.wait_event("standby.failback", "far")
        assert {made.complete().status for _ in range(5)} == {200} and far.received() == 5
    finally:
        far.stop()
