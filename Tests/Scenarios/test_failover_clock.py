"""Every failover is measured, and the figures agree with what clients saw."""

import sqlite3
import time

from processes import wait_for
from stack import QUICK, STOKER, free_port, http
from streams import Streams


def simulated(port, *flags, **keys):
    """A simulator as a process of the config."""
    command = [STOKER, "simulate", "--model", "m", "--dialect", "vllm", "--listen", "127.0.0.1:${PORT}",
               "--ttft", "20ms", "--itl", "20ms", *flags]
    return {"kind": "inference", "engine": "simulator", "command": command, "port": port, **QUICK, **keys}


def two(stack, *flags, **sections):
    """Two simulators behind one model."""
    processes = {name: simulated(free_port(), *flags) for name in "ab"}
    return stack(processes, {"m": {"backends": ["a", "b"]}}, **sections)


def metric(stack, name, **labels):
    """The value of a metric whose labels contain these."""
    page = http(f"{stack.admin}/metrics").text
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    lines = [x for x in page.splitlines() if x.startswith((name + "{", name + " ")) and all(w in x for w in wanted)]
    assert lines, f"{name} {labels} is not on the page"
    return sum(float(x.rsplit(" ", 1)[1]) for x in lines)


def streaming(stack, backend):
    """How many clients have a part of an answer of that backend."""
    live = http(f"{stack.admin}/api/v1/requests").json["live"]
    return len([r for r in live if r.get("backend") == backend and r["phase"] == "streaming"])


def records(stack):
    """The rows of failovers, as JSON texts, oldest first."""
    with sqlite3.connect(stack.directory / "state" / "continuity.sqlite") as store:
        return [row[0] for row in store.execute("SELECT record FROM failover ORDER BY id")]


def test_a_kill_under_streams_is_one_record_with_times_that_clients_would_confirm(stack):
    made = two(stack, "--tokens", "150").start().ready()
    streams = Streams(made.gateway_port, 12, max_tokens=150)
    wait_for(lambda: streaming(made, "a") >= 3, "streams at a")
    began = time.monotonic()
    made.kill("a")
    event = made.wait_event("failover.finished", "m")
    took = time.monotonic() - began
    answers = streams.answers()
    assert all(a.is_good for a in answers), answers
    continued = sum(len(a.seams) for a in answers)
    assert continued > 0
    assert "a lost (killed by SIGKILL)" in event["message"] and "served by b after" in event["message"]
    assert f"0 requests lost, {continued} continued" in event["message"]
    assert event["severity"] == "info"
    assert metric(made, "stoker_failovers_total", model="m", cause="exit") == 1
    assert metric(made, "stoker_failover_saved_requests_total", model="m") >= continued
    assert metric(made, "stoker_failover_lost_requests_total", model="m") == 0
    # From the last byte, 20 ms before the next was due, to the first token elsewhere.
    assert 0 < metric(made, "stoker_failover_duration_seconds_sum", model="m") < 1
    assert 0 < metric(made, "stoker_failover_restored_seconds_sum", model="m") < took
    assert len(records(made)) == 1


def test_an_idle_backend_that_dies_is_a_record_without_an_answer_from_elsewhere(stack):
    made = two(stack).start().ready()
    made.kill("a")
    event = made.wait_event("failover.finished", "m")
    assert "nobody asked meanwhile" in event["message"] and "whole again after" in event["message"]


def test_what_a_person_orders_is_no_failover(stack):
    made = two(stack).start().ready()
    assert made.cli("restart", "a").returncode == 0
    assert made.cli("stop", "b").returncode == 0
    assert made.cli("start", "b").returncode == 0
    made.ready()
    made.kill("a")
    made.wait_event("failover.finished", "m")
    assert len(made.events("failover.finished")) == 1
