"""Bad input to the daemon itself: one clear line, exit code 2, and whatever runs goes on."""

import json
import signal
import socket
import subprocess

import pytest

from processes import wait_for
from stack import STOKER, engine, free_port


def refusal(stack, exit_code=2):
    """Starts the daemon, expects it to leave, and returns what it said."""
    stack.launch()
    assert stack.daemon.wait(20) == exit_code
    said = stack.stderr.read_text()
    assert "Fatal error" not in said and "Stack dump" not in said
    return said.strip().splitlines()


@pytest.mark.parametrize("section", ["gateway", "admin"])
def test_a_port_in_use(stack, section):
    made = stack({"a": engine(free_port())}, {"m": {"backends": ["a"]}})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", getattr(made, f"{section}_port")))
        taken.listen()
        lines = refusal(made)
    assert len(lines) <= 2 and str(getattr(made, f"{section}_port")) in lines[0]


def test_a_missing_program(stack):
    lines = refusal(stack({"a": {"kind": "other", "command": ["/nonexistent/vllm"]}}))
    assert len(lines) <= 2 and "/nonexistent/vllm" in lines[0] and "a" in lines[0]


def test_a_missing_directory(stack):
    process = {"kind": "other", "command": ["/bin/true"], "directory": "/nonexistent/weights"}
    lines = refusal(stack({"a": process}))
    assert len(lines) <= 2 and "/nonexistent/weights" in lines[0]


def test_a_missing_config(stack, tmp_path):
    done = subprocess.run(
        [STOKER, "run", "--config", str(tmp_path / "none.yaml")], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and "none.yaml" in done.stderr


def test_a_state_directory_that_cannot_be_made(stack, tmp_path):
    (tmp_path / "file").write_text("")
    made = stack({"a": {"kind": "other", "command": ["/bin/true"]}}, state_dir=str(tmp_path / "file" / "state"))
    lines = refusal(made)
    assert len(lines) <= 2 and str(tmp_path / "file") in lines[0]


def test_a_second_daemon_on_the_same_state_says_who_holds_it(stack):
    first = stack({"a": engine(free_port())}, {"m": {"backends": ["a"]}}).start().ready()
    second = stack({"b": engine(free_port())}, state_dir=first.plan["state_dir"], runtime_dir=f"{first.directory}/r2")
    lines = refusal(second)
    assert len(lines) <= 2 and str(first.daemon.pid) in lines[0]
    assert first.complete().status == 200


@pytest.mark.parametrize(
    "broken, expected",
    [
        ("{", "stoker.yaml:"),
        (json.dumps({"procesess": {}}), "processes"),
        (json.dumps({"processes": {"a": {"command": ["x"], "stop": {"grace": "5"}}}}), "grace"),
    ],
    ids=["syntax", "unknown key", "no unit"])
def test_an_invalid_config_is_refused_with_its_place(stack, broken, expected):
    made = stack({})
    made.config.write_text(broken)
    said = "\n".join(refusal(made))
    assert expected in said and "stoker.yaml:" in said
    checked = made.cli("check")
    assert checked.returncode == 2 and expected in checked.stdout + checked.stderr


def test_a_reload_with_a_bad_config_keeps_the_old_plan(stack):
    made = stack({"a": engine(free_port())}, {"m": {"backends": ["a"]}}).start().ready()
    good, pid = made.config.read_text(), made.pid("a")
    made.config.write_text(good.replace('"command"', '"comand"'))
    refused = made.cli("reload")
    assert refused.returncode == 2 and "comand" in refused.stdout + refused.stderr
    rejected = made.wait_event("config.rejected")
    assert "comand" in rejected["message"] + " ".join(rejected["evidence"])
    assert made.status()["configError"]
    assert made.pid("a") == pid and made.complete().status == 200
    made.config.write_text(good)
    assert made.cli("reload").returncode == 0
    wait_for(lambda: not made.status().get("configError"), "the error is gone")
    assert made.pid("a") == pid, "nothing changed, nothing restarts"


def test_a_reload_starts_what_came_and_stops_what_went(stack):
    made = stack({"a": engine(free_port()), "b": engine(free_port())}, {"m": {"backends": ["a", "b"]}}).start().ready()
    kept = made.pid("a")
    made.plan["processes"]["c"] = engine(free_port())
    del made.plan["processes"]["b"]
    made.plan["models"]["m"]["backends"] = ["a", "c"]
    made.write()
    assert made.cli("reload").returncode == 0
    wait_for(lambda: {p["name"] for p in made.status()["processes"]} >= {"a", "c"}, "c is there")
    wait_for(lambda: "b" not in {p["name"] for p in made.status()["processes"]}, "b is gone")
    made.ready()
    assert made.pid("a") == kept
    serving = {kept, made.pid("c")}
    wait_for(lambda: {int(made.complete().headers["x-engine"]) for _ in range(8)} == serving, "both serve")


def test_sighup_reloads(stack):
    made = stack({"a": engine(free_port())}).start().ready()
    made.plan["processes"]["b"] = engine(free_port())
    made.write()
    made.daemon.send_signal(signal.SIGHUP)
    wait_for(lambda: "b" in {p["name"] for p in made.status()["processes"]}, "b is there")
    made.ready()
