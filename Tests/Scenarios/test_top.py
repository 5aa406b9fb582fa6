"""What the gateway is doing and has done lately, as a person and as a program see it."""

import fcntl
import http.client
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios

import pytest

from processes import wait_for
from stack import STOKER, engine, free_port, http as ask

SECRET = "a-word-that-only-the-prompt-has"


def page(stack, **query):
    """One page of the API; an answer counts as finished a moment after its client has it."""
    text = "&".join(f"{name}={value}" for name, value in query.items())
    return ask(f"{stack.admin}/api/v1/requests?{text}").json


def finished(stack, identity, **query):
    """The record of a request, once it is there."""

    def found():
        return next((r for r in page(stack, **query)["requests"] if r["id"] == identity), None)

    return wait_for(found, f"the record of {identity}")


def complete(stack, identity, **fields):
    body = {"model": "m", "prompt": SECRET, **fields}
    return ask(f"{stack.gateway}/v1/completions", body, headers={"x-request-id": identity})


class Stream:
    """A streamed completion that is left open."""

    def __init__(self, stack, identity, events=1):
        self.connection = http.client.HTTPConnection("127.0.0.1", stack.gateway_port, timeout=30)
        body = json.dumps({"model": "m", "prompt": SECRET, "stream": True})
        self.connection.request(
            "POST", "/v1/completions", body, {"content-type": "application/json", "x-request-id": identity})
        self.answer = self.connection.getresponse()
        for _ in range(events):
            assert self.answer.readline().startswith(b"data:") and self.answer.readline() == b"\n"

    def close(self):
        self.connection.sock.close()
        self.answer.close()


def test_a_finished_request_is_told_with_its_figures_and_without_its_words(pair):
    stack = pair("--delay", "0.1").start().ready()
    assert complete(stack, "unary-1").status == 200
    record = finished(stack, "unary-1")
    assert record["route"] == "completions" and record["model"] == "m" and record["backend"] in ("a", "b")
    assert record["outcome"] == "ok" and record["code"] == 200 and record["stream"] is False
    assert record["attempts"] == 1 and record["seams"] == 0
    assert record["inputTokens"] == 3 and record["outputTokens"] == 5 and record["tokensReported"] is True
    assert 0.1 <= record["durationSeconds"] < 20 and 0 <= record["queueSeconds"] < record["durationSeconds"]
    assert "ttftSeconds" not in record and "errorCode" not in record
    told = stack.cli("top", "--once")
    assert told.returncode == 0 and "unary-1" in told.stdout and "\x1b" not in told.stdout
    for text in (told.stdout, stack.cli("top", "--json").stdout, json.dumps(page(stack))):
        assert SECRET not in text


def test_a_stream_is_seen_while_it_runs_and_its_times_are_told_when_it_has_ended(stack):
    made = stack({"a": engine(free_port(), "--gap", "0.05", "--events", "8")}, {"m": {"backends": ["a"]}})
    made.start().ready()
    stream = Stream(made, "stream-1")
    live = [r for r in page(made)["live"] if r["id"] == "stream-1"]
    assert live and live[0]["phase"] == "streaming" and live[0]["backend"] == "a" and live[0]["outputTokens"] >= 1
    assert page(made)["inFlight"] >= 1
    assert stream.answer.read().endswith(b"data: [DONE]\n\n")
    stream.close()
    record = finished(made, "stream-1")
    assert record["outcome"] == "ok" and record["stream"] is True
    assert record["outputTokens"] == 8 and record["tokensReported"] is False
    assert 0.03 < record["itlMeanSeconds"] <= record["itlMaxSeconds"] < 10
    assert 0 < record["ttftSeconds"] < record["durationSeconds"] and record["tpotSeconds"] > 0.03
    assert not [r for r in page(made)["live"] if r["id"] == "stream-1"]
    metrics = ask(f"{made.admin}/metrics").text
    counted = re.search(r'inter_token_latency_seconds_count\{model="m",variant="stable"\} (\d+)', metrics)
    assert int(counted[1]) == 7
    assert 'stoker_gateway_request_outcomes_total{model="m",outcome="ok"} 1' in metrics


def test_clients_that_leave_and_failures_are_told_apart(stack):
    made = stack({"a": engine(free_port(), "--gap", "0.05", "--events", "2000")}, {"m": {"backends": ["a"]}})
    made.start().ready()
    leaving = Stream(made, "left")
    leaving.close()
    assert finished(made, "left")["outcome"] == "client_gone"
    cut = Stream(made, "cut")
    made.cli("stop", "--now", "a")
    broken = finished(made, "cut")
    assert broken["outcome"] == "broken_off" and broken["errorCode"] == "backend_failed"
    cut.close()
    wait_for(lambda: made.process("a")["state"] == "stopped", "a is stopped")
    assert complete(made, "refused").status == 503
    refused = finished(made, "refused")
    assert refused["outcome"] == "refused" and refused["code"] == 503 and refused["errorCode"] == "no_backend"
    assert refused["attempts"] == 0 and "backend" not in refused
    assert [r["id"] for r in page(made, failed="true")["requests"]] == ["cut", "refused"]
    assert [r["id"] for r in page(made, failed="true", backend="a")["requests"]] == ["cut"]
    told = stack_lines(made.cli("top", "--once", "--failed"))
    assert "only failed" in told[0] and not any("left" in line for line in told)
    assert any("broken off" in line for line in told) and any("refused 503" in line for line in told)


def stack_lines(done):
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_reader_goes_on_where_it_stopped(pair):
    stack = pair().start().ready()
    for number in range(5):
        assert complete(stack, f"r{number}").status == 200
    finished(stack, "r4")
    first = page(stack, limit=2)
    assert [r["id"] for r in first["requests"]] == ["r3", "r4"] and first["next"] == first["requests"][-1]["sequence"]
    assert complete(stack, "r5").status == 200
    finished(stack, "r5")
    assert [r["id"] for r in page(stack, after=first["next"])["requests"]] == ["r5"]
    assert {b["name"]: b["usable"] for b in first["backends"]} == {"a": True, "b": True}
    shown = json.loads(stack.cli("top", "--json", "-n", "1", "--model", "m").stdout)
    assert [r["id"] for r in shown["requests"]] == ["r5"]
    assert json.loads(stack.cli("top", "--json", "--model", "other").stdout)["requests"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "failed=1", "process=a", "after=-1", "model=%zz"])
def test_a_misspelt_query_is_refused(pair, query):
    stack = pair().start().ready()
    refused = ask(f"{stack.admin}/api/v1/requests?{query}")
    assert refused.status == 400 and refused.json["code"] == "bad-request"


def test_the_config_bounds_what_is_remembered_and_a_reload_changes_it(pair):
    stack = pair()
    stack.plan["gateway"]["recent_requests"] = 2
    stack.write()
    stack.start().ready()
    for number in range(4):
        assert complete(stack, f"r{number}").status == 200
    finished(stack, "r3")
    assert [r["id"] for r in page(stack)["requests"]] == ["r2", "r3"]
    stack.plan["gateway"]["recent_requests"] = 0
    stack.write()
    assert stack.cli("reload").returncode == 0
    wait_for(lambda: page(stack)["requests"] == [], "nothing is remembered")


def test_without_a_daemon_top_says_so(pair):
    refused = pair().cli("top", "--once")
    assert refused.returncode == 2 and "stoker run" in refused.stderr and refused.stdout == ""


@pytest.mark.parametrize("flags", [["-n", "0"], ["-n", "1001"], ["--lines", "x"], ["--nothing"]])
def test_a_wrong_command_line_is_2(flags):
    done = subprocess.run([STOKER, "top", *flags], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and done.stdout == ""


class Screen:
    """`stoker top` on a terminal of its own."""

    def __init__(self, stack, *flags, columns=100, lines=24, env=None):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave, self.seen = slave, b""
        variables = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        self.process = subprocess.Popen(
            [STOKER, "top", "--config", str(stack.config), *flags], stdin=slave, stdout=slave, stderr=slave,
            env={**variables, "TERM": "xterm", **(env or {})}, start_new_session=True)

    def read(self, timeout=0.05):
        while select.select([self.master], [], [], timeout)[0]:
            self.seen += os.read(self.master, 65536)
        return self.seen.decode(errors="replace")

    def wait(self, text, timeout=20.0):
        return wait_for(lambda: text in self.read(), f"{text!r} is on the screen", timeout)

    def frames(self):
        return self.read().split("\x1b[H")[1:]

    def end(self):
        code = self.process.wait(20)
        text = self.read()
        after = termios.tcgetattr(self.slave)
        os.close(self.slave)
        os.close(self.master)
        return code, text, after

    def type(self, text):
        os.write(self.master, text.encode())


@pytest.mark.parametrize("way", ["q", "\x03", signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_screen_is_painted_anew_and_given_back(pair, way):
    stack = pair().start().ready()
    screen = Screen(stack)
    screen.wait("\x1b[?1049h")
    screen.wait("no request has finished")
    assert complete(stack, "seen-1").status == 200
    screen.wait("seen-1")
    assert "\x1b[?1049l" not in screen.seen.decode()
    if isinstance(way, str):
        screen.type("x" + way)
    else:
        screen.process.send_signal(way)
    code, text, after = screen.end()
    assert code == 0
    assert text.endswith("\x1b[?7h\x1b[?25h\x1b[?1049l"), "cursor and screen are as before"
    assert after == screen.before, "so are the terminal's settings"


def test_a_small_terminal_is_never_overrun(pair):
    stack = pair().start().ready()
    for number in range(30):
        assert complete(stack, f"request-{number}").status == 200
    finished(stack, "request-29")
    screen = Screen(stack, columns=40, lines=10, env={"NO_COLOR": "1"})
    screen.wait("more")
    screen.type("q")
    code, text, _ = screen.end()
    assert code == 0
    frame = text.split("\x1b[H")[1].partition("\x1b[J")[0]
    lines = frame.split("\r\n")
    assert len(lines) <= 10
    # The tables fit; the line of figures is cut by the terminal, which does not wrap.
    assert all(len(line.removesuffix("\x1b[K")) <= 40 for line in lines[2:]), lines
    assert not re.search(r"\x1b\[[0-9;]*m", frame), "NO_COLOR"


def test_a_daemon_that_goes_away_leaves_its_last_page(pair):
    stack = pair().start().ready()
    assert complete(stack, "kept").status == 200
    screen = Screen(stack)
    screen.wait("kept")
    assert stack.stop() == 0
    screen.wait("no daemon answers")
    assert "kept" in screen.frames()[-1]
    screen.type("q")
    assert screen.end()[0] == 0
