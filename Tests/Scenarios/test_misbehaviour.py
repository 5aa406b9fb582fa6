"""Processes that do what processes should not."""

import os
import signal
import time

import pytest

from processes import alive, descendants, wait_for
from stack import engine, free_port


def shell(script, **keys):
    """A process of the config that runs a bash script."""
    return {"kind": "other", "command": ["/bin/bash", "-c", script], "stop": {"grace": "1s"}, **keys}


def test_an_engine_that_never_gets_ready_is_started_anew_and_said_so(stack):
    process = engine(free_port(), "--never-ready", restart={"give_up": {"starts": 2, "within": "10m"}})
    process["probes"] = {**process["probes"], "start_timeout": "1s"}
    made = stack({"a": process}, {"m": {"backends": ["a"]}}).start()
    wait_for(lambda: made.process("a")["state"] == "failed", "given up", 30)
    gave_up = made.wait_event("process.gave-up", "a")
    assert gave_up["severity"] == "error" and gave_up["evidence"]
    assert made.starts("a") == 2
    # Refused with a reason, not left waiting.
    began = time.monotonic()
    answer = made.complete()
    assert answer.status == 503 and time.monotonic() - began < 3


def test_a_program_that_exits_at_once_is_given_up_loudly(stack):
    limits = {"backoff": {"initial": "10ms", "max": "50ms"}, "give_up": {"starts": 4, "within": "1m"}}
    made = stack({"a": shell("echo no such weights >&2; exit 7", restart=limits)}).start()
    wait_for(lambda: made.process("a")["state"] == "failed", "given up")
    status = made.process("a")
    assert "7" in status["lastExit"]
    assert made.starts("a") == 4
    assert "no such weights" in made.log("a")
    gave_up = made.wait_event("process.gave-up", "a")
    assert "stoker start a" in gave_up["message"] + " ".join(gave_up["evidence"]), "it says what to do"
    # A person's order is a new chance; that it came to nothing is the answer, and bad news.
    answer = made.cli("restart", "a")
    assert answer.returncode == 1 and "gave up" in answer.stdout
    assert made.starts("a") > 4, "tried again"


def test_a_program_that_ignores_sigterm_is_killed_after_its_grace(stack):
    made = stack({"a": engine(free_port(), "--ignore-term", stop={"grace": "1s"})}).start().ready()
    pid = made.pid("a")
    began = time.monotonic()
    assert made.cli("stop", "a").returncode == 0
    wait_for(lambda: not alive(pid), "killed", 5)
    assert time.monotonic() - began >= 0.9
    made.wait_event("process.killed", "a")
    wait_for(lambda: made.process("a")["state"] == "stopped", "stopped")


def test_a_flood_of_1_gb_stays_within_the_bound_and_nobody_waits(stack):
    flood = "head -c 1000000000 /dev/zero | tr '\\0' x; echo; echo done with it; exec sleep 1000"
    made = stack({
        "loud": shell(flood, log={"max_size": "4MiB"}),
        "a": engine(free_port()),
    }, {"m": {"backends": ["a"]}}).start().ready("a")
    worst = 0.0

    def finished():
        nonlocal worst
        began = time.monotonic()
        assert made.complete().status == 200
        worst = max(worst, time.monotonic() - began)
        return "done with it" in made.log("loud")[-200:]

    wait_for(finished, "1 GB is written", 60)
    size = sum(f.stat().st_size for f in (made.directory / "state" / "log").glob("loud.log*"))
    assert size <= 4 << 20
    assert worst < 2.0, "a neighbour was slowed down"
    shim_memory(made.pid("loud"))


def shim_memory(pid):
    """The shim's own memory after a flood: its buffers are fixed."""
    with open(f"/proc/{pid}/stat") as file:
        parent = int(file.read().rpartition(")")[2].split()[1])
    with open(f"/proc/{parent}/status") as file:
        rss = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
    assert rss < 32 * 1024, f"the shim has {rss} KiB"


@pytest.mark.parametrize("escape", ["", "setsid "], ids=["same session", "session of its own"])
def test_grandchildren_end_with_the_process(stack, escape):
    # Two generations, and the middle one is gone: nobody but a subreaper can find the sleepers.
    made = stack({"a": shell(f"(({escape}sleep 1001 & {escape}sleep 1002 & exit 0) &) ; exec sleep 1003")}).start()
    wait_for(lambda: made.process("a")["state"] == "ready", "ready")
    main = made.pid("a")
    family = lambda: [p for p in descendants() if sleeps(p)]  # noqa: E731
    wait_for(lambda: len(family()) == 3, "three sleepers")
    old = family()
    os.kill(main, signal.SIGKILL)
    wait_for(lambda: not any(alive(p) for p in old), "no orphan is left")
    wait_for(lambda: len(family()) == 3 and not set(family()) & set(old), "the next three")
    assert made.cli("stop", "a").returncode == 0
    wait_for(lambda: not family(), "stopped with all it started")


def sleeps(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().startswith(b"sleep\x00100")
    except OSError:
        return False


def test_an_engine_whose_grandchild_holds_the_port_starts_again_on_it(stack):
    made = stack({"a": engine(free_port(), "--share-port")}, {"m": {"backends": ["a"]}}).start().ready()
    made.kill("a")
    wait_for(lambda: made.process("a")["restarts"] == 1, "started again")
    made.ready()
    assert made.complete().status == 200
    assert made.process("a")["restarts"] == 1, "the first try got the port"


def test_a_child_gets_the_environment_of_the_config_and_nothing_else(stack):
    made = stack({"a": shell("env | sort; exec sleep 1000", env={"GREETING": "hello"})})
    made.start(env={"STOKER_TEST_LEAK": "leaked"})
    wait_for(lambda: "GREETING=hello" in made.log("a"), "the log has the environment")
    names = {line.partition("=")[0] for line in made.log("a").splitlines()}
    # bash adds the last three by itself.
    assert names <= {"GREETING", "PATH", "HOME", "LANG", "PORT", "PWD", "SHLVL", "_"}


def test_processes_start_in_the_order_they_ask_for(stack):
    made = stack({
        "second": engine(free_port(), start_after={"first": "ready"}),
        "first": engine(free_port(), "--delay", "0"),
    }).start().ready()
    ready = made.wait_event("process.ready", "first")
    starting = made.wait_event("process.starting", "second")
    assert ready["id"] < starting["id"]
