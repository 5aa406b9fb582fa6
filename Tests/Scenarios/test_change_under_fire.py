"""Whatever is changed while clients are served: none of them notices. Drains, restarts, reloads, new gateways."""

import os
import shutil
import signal
import threading
import time

import pytest

import stack as stacks
from processes import alive, wait_for
from simulators import PATIENT, metric
from stack import QUICK, STOKER, free_port, http
from streams import Streams, stream

# A second and a half for an answer of forty tokens.
PACE = ["--ttft", "50ms", "--itl", "35ms", "--tokens", "40"]
TOKENS = 40


def simulated(port, *flags, **keys):
    command = [STOKER, "simulate", "--model", "m", "--listen", "127.0.0.1:${PORT}", *flags]
    return {"kind": "inference", "engine": "simulator", "command": command, "port": port, **QUICK, **keys}


@pytest.fixture
def two(stack):
    """Two supervised simulators behind model `m`."""

    def make(*flags, names="ab", **sections):
        made = stack(
            {name: simulated(free_port(), *(flags or PACE)) for name in names},
            {"m": {"backends": list(names), "deadlines": PATIENT}}, **sections)
        made.plan["gateway"].update(sections.get("more", {}))
        made.write()
        return made.start().ready()

    return make


class Fire:
    """Clients that ask for one stream after the other until they are told to stop, each on a new connection.

    None may be refused, broken, continued elsewhere, or short of a token.
    """

    def __init__(self, stack, count):
        self.stack, self.over, self.answers = stack, threading.Event(), []
        self.threads = [threading.Thread(target=self.run, args=(n,), daemon=True) for n in range(count)]

    def run(self, number):
        # Spread, so that at each moment some begin, some go on and some end.
        self.over.wait(number * 0.02)
        while not self.over.is_set():
            self.answers.append(stream(self.stack.gateway_port, f"fire {number}", max_tokens=TOKENS))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        wait_for(lambda: in_flight(self.stack) >= len(self.threads) * 0.8, "the fire burns", 30)
        return self

    def __exit__(self, *error):
        self.over.set()
        for thread in self.threads:
            thread.join(60)
        if error[0] is None:
            assert not [thread for thread in self.threads if thread.is_alive()]
            check(self.answers, at_least=len(self.threads))


def check(answers, at_least=1):
    """Every stream is whole, by one backend, and has all its tokens."""
    bad = [a for a in answers if not a.is_good or a.seams or len([p for p in a.pieces if p]) != TOKENS]
    assert not bad, f"{len(bad)} of {len(answers)}: {bad[:3]}"
    assert len(answers) >= at_least


def in_flight(stack):
    page = http(f"{stack.admin}/metrics")
    return (page and metric(page.text, "stoker_gateway_requests_in_flight")) or 0


def gateways(stack):
    """The gateways that live, by the names that people know them by."""
    return {p["name"]: p for p in stack.status()["processes"] if p["kind"] == "gateway"}


def ok(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_a_backend_is_restarted_without_a_stream_noticing(two):
    stack = two()
    pid = stack.pid("a")
    with Fire(stack, 40):
        ok(stack.cli("restart", "a", timeout=60))
    assert stack.pid("a") != pid
    assert stack.wait_event("process.drained", "a")
    assert not stack.events("stream.continued")


def test_a_backend_is_stopped_and_started_without_a_stream_noticing(two):
    stack = two()
    with Fire(stack, 30):
        ok(stack.cli("stop", "a", timeout=60))
        assert stack.process("a")["state"] == "stopped"
        ok(stack.cli("start", "a", timeout=60))
    kinds = [e["kind"] for e in stack.events(subject="a")]
    assert kinds.index("process.draining") < kinds.index("process.drained") < kinds.index("process.stopping")


def test_a_drained_backend_gets_nothing_new_and_loses_nothing(two):
    stack = two()
    with Fire(stack, 30) as fire:
        ok(stack.cli("drain", "a", "--wait", "--timeout", "60s", timeout=70))
        drained = stack.process("a")
        assert (drained["state"], drained["inFlight"]) == ("draining", 0)
        asked = received(stack, "a")
        done = len(fire.answers)
        wait_for(lambda: len(fire.answers) > done + 30, "more streams", 30)
        assert received(stack, "a") == asked
        # A reload leaves it drained.
        stack.plan["models"]["alias"] = {"backends": ["a", "b"], "served_as": "m"}
        stack.write()
        ok(stack.cli("reload"))
        assert stack.process("a")["state"] == "draining"
        ok(stack.cli("drain", "a", "--undo"))
        wait_for(lambda: received(stack, "a") > asked, "a gets requests again", 20)
    assert stack.wait_event("process.undrained", "a")


def received(stack, name):
    return http(f"{stack.process(name)['address']}/simulator/state").json["requests"]["received"]


def test_a_drain_that_takes_too_long_says_so_and_goes_on(two):
    stack = two("--ttft", "50ms", "--itl", "50ms", "--tokens", "100")
    streams = Streams(stack.gateway_port, 4, max_tokens=100)
    wait_for(lambda: in_flight(stack) == 4, "four streams", 20)
    done = stack.cli("drain", "a", "--timeout", "1s")
    assert done.returncode == 1
    assert "in flight" in done.stdout
    assert stack.process("a")["state"] == "draining"
    assert all(a.is_good and not a.seams for a in streams.answers())
    stack.wait_event("process.drained", "a")


def test_the_last_backend_of_a_model_is_drained_only_by_force(two):
    stack = two()
    ok(stack.cli("drain", "b", "--wait"))
    refused = stack.cli("drain", "a")
    assert refused.returncode == 2
    assert "a is the last backend in rotation of m" in refused.stderr and "--force" in refused.stderr
    assert stack.complete(max_tokens=2).status == 200
    ok(stack.cli("drain", "a", "--force", "--wait"))
    answer = stack.complete(max_tokens=2)
    assert answer.status == 503 and "drained by order" in answer.text
    ok(stack.cli("drain", "a", "b", "--undo"))
    wait_for(lambda: stack.complete(max_tokens=2).status == 200, "it is served again", 20)


def test_what_cannot_be_drained_is_refused_in_clear_words(two):
    stack = two()
    gateway = stack.cli("drain", "gateway")
    assert gateway.returncode == 2 and "stoker restart gateway" in gateway.stderr
    assert stack.cli("drain", "nobody").returncode == 2
    ok(stack.cli("stop", "a"))
    stopped = stack.cli("drain", "a")
    assert stopped.returncode == 2 and "does not run" in stopped.stderr


def test_a_stop_that_is_to_be_now_waits_for_nobody(two):
    stack = two("--ttft", "50ms", "--itl", "100ms", "--tokens", "100")
    streams = Streams(stack.gateway_port, 6, max_tokens=100)
    wait_for(lambda: in_flight(stack) == 6, "six streams", 20)
    began = time.monotonic()
    ok(stack.cli("stop", "a", "--now"))
    assert time.monotonic() - began < 8
    # They are plain text: what was cut off goes on elsewhere.
    assert all(a.is_good for a in streams.answers())
    assert not stack.events("process.draining")


def test_a_frozen_gateway_keeps_no_process_up(two):
    stack = two()
    os.kill(stack.pid("gateway"), signal.SIGSTOP)
    try:
        ok(stack.cli("stop", "a", timeout=40))
    finally:
        os.kill(stack.pid("gateway"), signal.SIGCONT)
    assert [e for e in stack.events("process.draining", "a") if "the gateway has not said" in e["message"]]


def test_twenty_reloads_and_a_backend_that_leaves_and_returns(two):
    stack = two(names="abc")
    with Fire(stack, 40):
        for number in range(20):
            stack.plan["models"].pop("alias", None)
            if number % 2 == 0:
                stack.plan["models"]["alias"] = {"backends": ["a"], "served_as": "m"}
            stack.write()
            ok(stack.cli("reload"))
        process = stack.plan["processes"].pop("c")
        stack.plan["models"]["m"]["backends"] = ["a", "b"]
        stack.write()
        ok(stack.cli("reload"))
        wait_for(lambda: "c" not in stack.states, "c is gone", 40)
        stack.plan["processes"]["c"] = process
        stack.plan["models"]["m"]["backends"] = ["a", "b", "c"]
        stack.write()
        ok(stack.cli("reload"))
        stack.ready("c")
        # Another command: it is drained and started anew.
        stack.plan["processes"]["c"]["command"][-1] = "41"
        stack.write()
        ok(stack.cli("reload"))
        stack.wait_event("process.drained", "c", timeout=40, count=2)
        stack.ready("c")


def test_the_gateway_is_replaced_five_times_under_fire(two):
    stack = two()
    pids = [stack.pid("gateway")]
    with Fire(stack, 60):
        for _ in range(5):
            ok(stack.cli("restart", "gateway", timeout=60))
            pids.append(stack.pid("gateway"))
    assert len(set(pids)) == 6
    wait_for(lambda: list(gateways(stack)) == ["gateway"], "those that were replaced are gone", 30)
    wait_for(lambda: not [pid for pid in pids[:-1] if alive(pid)], "and their processes", 10)
    assert len(stack.events("gateway.replaced")) == 5
    assert not stack.events("gateway.lost") and not stack.events("process.exited", "gateway")
    # One log, whoever writes.
    assert stack.log("gateway").count("routing table in force") >= 6
    runtime = stack.directory / "run"
    assert sorted(p.name for p in runtime.glob("gateway*.sock"))


def test_a_replaced_gateway_finishes_its_streams_and_is_seen_to(two):
    stack = two("--ttft", "50ms", "--itl", "50ms", "--tokens", "120")
    streams = Streams(stack.gateway_port, 10, max_tokens=120)
    wait_for(lambda: in_flight(stack) == 10, "ten streams", 20)
    old = stack.pid("gateway")
    ok(stack.cli("restart", "gateway"))
    assert stack.pid("gateway") != old and alive(old)
    leaver = gateways(stack)["gateway~1"]
    assert http(f"{stack.admin}/readyz").status == 200
    assert (leaver["pid"], leaver["state"]) == (old, "draining")
    wait_for(lambda: gateways(stack).get("gateway~1", {}).get("inFlight") == 10, "its connections are counted", 10)
    # What still runs through the old one keeps a backend up as well.
    ok(stack.cli("restart", "a", timeout=60))
    answers = streams.answers()
    assert all(a.is_good and not a.seams for a in answers), answers
    wait_for(lambda: "gateway~1" not in gateways(stack), "it is gone", 20)
    assert not alive(old)
    assert stack.complete(max_tokens=2).status == 200


def test_a_kept_connection_is_closed_by_an_answer_that_says_so(two):
    import http.client

    stack = two("--ttft", "1ms", "--itl", "1ms", "--tokens", "2")
    client = http.client.HTTPConnection("127.0.0.1", stack.gateway_port, timeout=20)

    def ask():
        client.request("GET", "/v1/models")
        answer = client.getresponse()
        answer.read()
        return answer.status, answer.getheader("Connection")

    assert ask() == (200, None)
    old = stack.pid("gateway")
    ok(stack.cli("restart", "gateway"))
    assert alive(old), "it has a client that may just be asking"
    assert ask() == (200, "close")
    wait_for(lambda: not alive(old), "it ends with its last client", 20)


def test_a_gateway_that_does_not_come_up_leaves_the_old_one_serving(two, monkeypatch, tmp_path):
    # Programs of its own, of which the one for gateways is then broken.
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("stoker", "stoker-shim"):
        shutil.copy2(stacks.PROGRAMS / name, programs / name)
    monkeypatch.setattr(stacks, "STOKER", str(programs / "stoker"))
    stack = two()
    old = stack.pid("gateway")
    broken = programs / "stoker.new"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    shutil.move(programs / "stoker", programs / "stoker.good")
    with Fire(stack, 20):
        shutil.move(broken, programs / "stoker")
        monkeypatch.setattr(stacks, "STOKER", str(programs / "stoker.good"))
        failed = stack.cli("restart", "gateway", timeout=60)
        assert failed.returncode == 1 and "did not come up" in failed.stdout, failed.stdout + failed.stderr
        assert stack.pid("gateway") == old
        assert "exited with code 3" in str(stack.wait_event("gateway.kept")["evidence"])
        shutil.move(programs / "stoker.good", programs / "stoker")
        monkeypatch.setattr(stacks, "STOKER", str(programs / "stoker"))
        ok(stack.cli("restart", "gateway", timeout=60))
        assert stack.pid("gateway") != old


def test_a_reload_that_only_a_new_gateway_can_take_up_replaces_it(two):
    stack = two()
    old = stack.pid("gateway")
    with Fire(stack, 20):
        stack.plan["gateway"]["threads"] = 1
        stack.write()
        ok(stack.cli("reload"))
        wait_for(lambda: stack.pid("gateway") != old, "another gateway serves", 20)
    stack.wait_event("gateway.replaced")
    pid = stack.pid("gateway")
    ok(stack.cli("reload"))
    assert stack.pid("gateway") == pid


def test_the_control_plane_ends_those_that_leave_too(two):
    stack = two("--ttft", "50ms", "--itl", "50ms", "--tokens", "60")
    streams = Streams(stack.gateway_port, 4, max_tokens=60)
    wait_for(lambda: in_flight(stack) == 4, "four streams", 20)
    old = stack.pid("gateway")
    ok(stack.cli("restart", "gateway"))
    assert stack.stop() == 0
    assert not alive(old)
    assert all(a.is_good for a in streams.answers())


def test_a_killed_gateway_is_back_at_once_even_after_a_replacement(two):
    stack = two("--ttft", "1ms", "--itl", "1ms", "--tokens", "2")
    ok(stack.cli("restart", "gateway"))
    wait_for(lambda: list(gateways(stack)) == ["gateway"], "the old one is gone", 20)
    stack.kill("gateway")
    began = time.monotonic()
    wait_for(lambda: (a := stack.complete(max_tokens=2)) and a.status == 200, "it is served", 10)
    assert time.monotonic() - began < 3
    stack.ready()


def test_a_control_plane_that_died_leaves_no_gateway_to_the_next(two):
    stack = two("--ttft", "50ms", "--itl", "50ms", "--tokens", "40")
    streams = Streams(stack.gateway_port, 4, max_tokens=40)
    wait_for(lambda: in_flight(stack) == 4, "four streams", 20)
    old = stack.pid("gateway")
    ok(stack.cli("restart", "gateway"))
    stack.daemon.kill()
    stack.daemon.wait(10)
    stack.start().ready()
    assert not alive(old)
    assert list(gateways(stack)) == ["gateway"]
    assert all(a.is_good for a in streams.answers())
