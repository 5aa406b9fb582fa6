"""Failures made on purpose: what they measure, what they refuse, and that they always end."""

import json
import os
import pty
import signal
import sqlite3
import subprocess

from managed import metric, two
from processes import wait_for
from stack import STOKER, free_port, http


def start_drill(stack, *arguments):
    """`stoker drill …` as a program that runs."""
    return subprocess.Popen(
        [STOKER, "drill", *arguments, "--config", str(stack.config)], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def drill(stack, *arguments, timeout=90):
    """The same to its end."""
    process = start_drill(stack, *arguments)
    out, err = process.communicate(timeout=timeout)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def report(stack, *flags):
    answer = drill(stack, "report", "--json", *flags)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def state(pid):
    """The letter of the kernel: T is stopped."""
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0]


def test_a_kill_under_load_passes_and_leaves_a_record_that_says_all(stack):
    made = two(stack, "--tokens", "60", drills={"rto": "5s", "max_failed": 0}).start().ready()
    assert metric(made, "stoker_drill_last_success_timestamp_seconds", kind="kill") == 0
    done = drill(made, "kill", "a", "--yes", "--under-load", "6", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads(done.stdout)
    assert record["verdict"] == "pass" and record["order"]["kind"] == "kill"
    assert record["order"]["caller"]["uid"] == os.getuid() and record["host"] and record["version"]
    assert record["startedAt"] < record["endedAt"] and record["configDigest"]
    [failover] = record["failovers"]
    assert failover["origin"] == "fault" and failover["drill"] == record["id"]
    parts = [failover[f"{part}Seconds"] for part in ("detected", "decided", "served", "restored")]
    assert parts == sorted(parts) and 0 < failover["servedSeconds"] < 5
    assert failover["servedBy"] == "b" and failover["causes"][0]["words"] == "killed by SIGKILL"
    assert record["load"]["users"] == 6 and record["load"]["requests"] > 6
    assert record["load"]["failed"] == record["load"]["broken"] == 0
    assert metric(made, "stoker_drill_last_success_timestamp_seconds", kind="kill") > 1_700_000_000
    assert metric(made, "stoker_drill_every_seconds") == 30 * 86400
    made.wait_event("drill.finished")
    assert report(made) == [record]
    text = drill(made, "report").stdout
    assert "PASS" in text and "RTO" in text
    page = made.directory / "drills.html"
    assert drill(made, "report", "--html", str(page)).returncode == 0
    assert "<script" not in page.read_text() and "kill a" in page.read_text()
    assert len(report(made, "--failovers")) == 1


def test_records_of_drills_can_be_added_and_nothing_else(stack):
    made = two(stack).start().ready()
    drill(made, "drain", "a", "--yes", "--for", "1s", "--under-load", "0")
    with sqlite3.connect(made.directory / "state" / "continuity.sqlite") as store:
        for change in ("DELETE FROM drill", "UPDATE drill_end SET verdict = 'pass'", "DELETE FROM drill_end"):
            try:
                store.execute(change)
            except sqlite3.IntegrityError as error:
                assert "drills are kept" in str(error)
            else:
                raise AssertionError(f"{change} was allowed")


def test_a_drill_that_nobody_asked_anything_in_does_not_pass(stack):
    made = two(stack).start().ready()
    done = drill(made, "drain", "a", "--yes", "--for", "1s", "--under-load", "0")
    assert done.returncode == 1
    assert "no client of m was served elsewhere" in done.stdout
    # And it is in rotation again.
    wait_for(lambda: all(m["inRotation"] == 2 for m in made.status()["models"]), "both are in rotation")


def test_a_drain_under_load_passes_and_ends(stack):
    made = two(stack, "--tokens", "10").start().ready()
    done = drill(made, "drain", "a", "--yes", "--for", "2s", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads(done.stdout)
    assert record["failovers"][0]["causes"][0]["kind"] == "drain"
    assert 2 <= record["failovers"][0]["restoredSeconds"] < 10
    assert made.pid("a")


def test_a_hung_process_goes_on_when_the_drill_is_over(stack):
    made = two(stack, "--tokens", "40").start().ready()
    pid = made.pid("a")
    running = start_drill(made, "hang", "a", "--yes", "--for", "4s", "--json")
    wait_for(lambda: state(pid) == "T", "a is stopped")
    out, err = running.communicate(timeout=90)
    assert state(pid) != "T"
    record = json.loads(out)
    assert record["failovers"][0]["servedBy"] == "b", err
    made.ready()
    assert made.pid("a") == pid


def test_a_hung_process_goes_on_when_the_command_is_killed(stack):
    made = two(stack).start().ready()
    pid = made.pid("a")
    running = start_drill(made, "hang", "a", "--yes", "--for", "3s")
    wait_for(lambda: state(pid) == "T", "a is stopped")
    running.kill()
    running.communicate(timeout=10)
    wait_for(lambda: state(pid) != "T", "a goes on", 20)


def test_a_hung_process_goes_on_when_the_control_plane_is_killed_and_comes_back(stack):
    made = two(stack).start().ready()
    pid = made.pid("a")
    running = start_drill(made, "hang", "a", "--yes", "--for", "60s", "--under-load", "0")
    wait_for(lambda: state(pid) == "T", "a is stopped")
    made.daemon.kill()
    made.daemon.wait(10)
    running.communicate(timeout=30)
    assert running.returncode != 0
    made.start().ready()
    [record] = report(made)
    assert record["verdict"] == "interrupted"
    assert "1 stopped processes were told to go on" in record["reasons"]
    assert "T" not in [state(p["pid"]) for p in made.status()["processes"]]


def test_the_daemon_that_ends_ends_its_drill_first(stack):
    made = two(stack).start().ready()
    pid = made.pid("a")
    running = start_drill(made, "hang", "a", "--yes", "--for", "60s", "--under-load", "0")
    wait_for(lambda: state(pid) == "T", "a is stopped")
    assert made.stop() == 0
    running.communicate(timeout=30)
    [record] = report(made)
    assert record["verdict"] == "interrupted"


def test_the_last_healthy_backend_is_never_broken(stack):
    made = two(stack).start().ready()
    assert made.cli("stop", "b").returncode == 0
    refused = drill(made, "kill", "a", "--yes")
    assert refused.returncode == 2
    assert "m would be left with 0 healthy backends" in refused.stderr
    assert made.process("a")["restarts"] == 0
    assert report(made) == []


def test_one_drill_at_a_time(stack):
    made = two(stack).start().ready()
    pid = made.pid("a")
    first = start_drill(made, "hang", "a", "--yes", "--for", "4s", "--under-load", "0")
    wait_for(lambda: state(pid) == "T", "the first is at work")
    second = drill(made, "kill", "b", "--yes")
    assert second.returncode == 2 and "drill 1 runs" in second.stderr
    first.communicate(timeout=60)


def test_it_asks_and_without_a_terminal_it_does_nothing(stack):
    made = two(stack).start().ready()
    refused = drill(made, "kill", "a")
    assert refused.returncode == 2 and "--yes" in refused.stderr
    assert drill(made, "kill", "aa", "--yes").returncode == 2
    assert drill(made, "kill", "gateway", "--yes").returncode == 2
    assert report(made) == []
    # Nor does anybody over TCP.
    assert http(f"{made.admin}/api/v1/drills?kind=kill&target=a", b"").status == 403


def test_a_site_of_two_is_lost_at_once(stack):
    made = two(stack, "--tokens", "40")
    made.plan["processes"]["c"] = {**made.plan["processes"]["a"], "port": free_port()}
    made.plan["models"]["m"]["backends"] = ["a", "b", "c"]
    made.write()
    made.start().ready()
    done = drill(made, "site", "a,b", "--yes", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    [failover] = json.loads(done.stdout)["failovers"]
    assert [c["backend"] for c in failover["causes"]] == ["a", "b"] or len(failover["causes"]) == 2
    assert failover["servedBy"] == "c"
    assert signal.SIGKILL.name in failover["causes"][0]["words"]


def test_on_a_terminal_it_says_what_it_would_do_and_takes_no_for_an_answer(stack):
    made = two(stack).start().ready()
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [STOKER, "drill", "kill", "a", "--config", str(made.config)], stdin=theirs, stdout=subprocess.DEVNULL,
        stderr=theirs)
    os.close(theirs)
    asked = b""
    while b"[yes/no]" not in asked:
        asked += os.read(ours, 4096)
    assert f"SIGKILL to a (pid {made.pid('a')})".encode() in asked and b"m goes on with b" in asked
    os.write(ours, b"no\n")
    assert process.wait(20) == 2
    os.close(ours)
    assert report(made) == [] and made.process("a")["restarts"] == 0
