"""What a person types, and that no secret is ever printed."""

import json
import subprocess

import pytest

from processes import wait_for
from stack import STOKER, engine, free_port, http

SECRETS = {"file": "s3cr3t-from-a-file", "environment": "s3cr3t-from-the-environment"}


def test_the_life_of_a_process_is_told(pair):
    stack = pair().start().ready()
    table = stack.cli("status")
    assert table.returncode == 0 and "ready" in table.stdout and "\x1b[" not in table.stdout
    assert stack.cli("restart", "a").returncode == 0
    stack.wait_event("process.stopped", "a")
    stack.ready()
    assert stack.cli("stop", "b").returncode == 0
    wait_for(lambda: stack.process("b")["state"] == "stopped", "b is stopped")
    kinds = [e["kind"] for e in stack.events(subject="a")]
    assert kinds.index("process.starting") < kinds.index("process.ready") < kinds.index("process.stopping")
    told = stack.cli("events")
    assert told.returncode == 0 and "process.ready" in told.stdout


def test_logs_are_shown_with_the_daemon_and_without(pair):
    stack = pair().start().ready()
    assert "listens on" in stack.cli("logs", "a").stdout
    assert stack.stop() == 0
    assert "listens on" in stack.cli("logs", "a").stdout
    told = [json.loads(line) for line in stack.cli("events", "--json").stdout.splitlines()]
    assert any(event["kind"] == "process.ready" for event in told)


def test_an_unknown_process_is_named_with_a_hint(pair):
    stack = pair().start().ready()
    for order in ("start", "stop", "restart"):
        refused = stack.cli(order, "c")
        assert refused.returncode == 2 and "c" in refused.stderr, order


def test_tcp_takes_no_orders(pair):
    stack = pair().start().ready()
    pid = stack.pid("a")
    for path in ("/api/v1/processes/a/stop", "/api/v1/reload"):
        assert http(stack.admin + path, b"").status == 403
    assert stack.pid("a") == pid


def test_without_a_daemon_commands_say_so(pair):
    stack = pair()
    for command in (["status"], ["reload"], ["stop", "a"]):
        refused = stack.cli(*command)
        assert refused.returncode in (1, 2) and "stoker run" in refused.stdout + refused.stderr, command


@pytest.mark.parametrize("command", ["", *"run check status top events logs start stop restart reload".split()])
def test_every_command_has_help(command):
    done = subprocess.run([STOKER, *command.split(), "--help"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0 and "USAGE" in done.stdout
    if command:
        assert "stoker " + command in done.stdout.partition("USAGE")[0], "an example stands above the usage"


def test_no_secret_is_ever_printed(stack, tmp_path):
    token = tmp_path / "token"
    token.write_text(SECRETS["file"] + "\n")
    token.chmod(0o600)
    secrets = {"TOKEN": "${file:%s}" % token, "KEY": "${STOKER_TEST_SECRET}"}
    variables = {"STOKER_TEST_SECRET": SECRETS["environment"]}
    made = stack({
        "a": engine(free_port(), env=secrets),
        "broken": {
            "kind": "other", "command": ["/bin/false"], "env": secrets,
            "restart": {"give_up": {"starts": 2, "within": "1m"}},
        },
    }, {"m": {"backends": ["a"]}}).start(env=variables).ready("a")
    wait_for(lambda: made.process("broken")["state"] == "failed", "given up")
    # They do reach the process.
    with open(f"/proc/{made.pid('a')}/environ") as file:
        environment = file.read()
    assert all(secret in environment for secret in SECRETS.values())

    outputs = {}
    for command in ("check", "status", "top", "events", "logs"):
        for flags in ([], ["--json"], *([["--print"]] if command == "check" else [])):
            done = made.cli(command, *(["a"] if command == "logs" else []), *flags, env=variables)
            outputs[f"{command} {flags}"] = done.stdout + done.stderr
    for path in ("/metrics", "/api/v1/status", "/api/v1/events", "/api/v1/requests", "/healthz", "/readyz"):
        outputs[path] = http(made.admin + path).text
    # A config that is refused quotes its lines.
    made.config.write_text(made.config.read_text().replace('"TOKEN"', '"TO KEN"'))
    refused = made.cli("reload", env=variables)
    outputs["reload"] = refused.stdout + refused.stderr
    assert made.stop() == 0
    outputs["daemon"] = made.stderr.read_text()
    for path in (made.directory / "state").rglob("*"):
        if path.is_file():
            outputs[str(path)] = path.read_bytes().decode(errors="replace")
    leaks = [(name, kind) for name, text in outputs.items() for kind, secret in SECRETS.items() if secret in text]
    assert leaks == []
