"""Every failover is measured, and the figures agree with what clients saw."""

import os
import re
import sqlite3
import subprocess
import time

from managed import metric, streaming, two
from processes import wait_for
from stack import PROGRAMS, ROOT
from streams import Streams


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


def test_the_demo_shows_the_kill_the_seam_and_the_clock_and_leaves_nothing(tmp_path_factory):
    # Whatever the demo forgets is in here. Short: a unix socket's path has at most 107 bytes.
    scratch = tmp_path_factory.mktemp("d")
    shown = subprocess.run(
        [ROOT / "scripts" / "demo-failover.sh"], capture_output=True, text=True, timeout=90, stdin=subprocess.DEVNULL,
        env={**os.environ, "STOKER_PROGRAMS": str(PROGRAMS.relative_to(ROOT)), "TMPDIR": str(scratch)})
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert re.search(r"\[stoker: continued on [ab] after reset\]", shown.stdout), shown.stdout
    assert "[whole: 120 tokens]" in shown.stdout
    clock = shown.stdout.split("== the clock")[1]
    assert re.search(r"m: [ab] lost \(killed by SIGKILL\), noticed after \d+ ms, served by [ab] after", clock), clock
    assert "0 requests lost, 1 continued" in clock
    assert list(scratch.iterdir()) == []
