"""A running Stoker with a config, ports and directories of its own."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from http.client import HTTPException

from processes import alive, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCENARIOS = pathlib.Path(__file__).resolve().parent
# STOKER_PROGRAMS=.build/release runs the scenarios with the programs that people get.
PROGRAMS = ROOT / os.environ.get("STOKER_PROGRAMS", ".build/debug")
STOKER = str(PROGRAMS / "stoker")


def free_port():
    """A port that the kernel says is free. It may be taken before it is used: a scenario that loses so fails loudly."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def engine(port, *flags, **keys):
    """A process of the config: the scenarios' own engine (engine.py), with whatever vice the flags give it."""
    command = [sys.executable, str(SCENARIOS / "engine.py"), "--port", "${PORT}", *flags]
    return {"kind": "inference", "engine": "openai", "command": command, "port": port, **QUICK, **keys}


# Probes that answer soon, so that scenarios are short.
QUICK = {
    "probes": {
        "startup": {"http": "/health", "interval": "50ms"},
        "readiness": {"http": "/health", "interval": "200ms", "failures": 1},
        "start_timeout": "30s",
    },
    "stop": {"grace": "5s"},
}


class Answer:
    """What HTTP gave: the status, the headers with lower-case names, the body."""

    def __init__(self, status, headers, body):
        self.status, self.body = status, body
        self.headers = {name.lower(): value for name, value in headers.items()}

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode(errors="replace")


def http(url, body=None, timeout=30.0, headers=None):
    """One request; a status of 400 and above is an answer like any other. None: nobody listens, or none came whole."""
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    request = urllib.request.Request(url, data=data, headers={"content-type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read())
    except (OSError, HTTPException):
        return None


class Stack:
    """Starts `stoker run` on a config and speaks with it as its users do."""

    def __init__(self, directory, processes, models=None, **sections):
        self.directory = pathlib.Path(directory)
        self.gateway_port, self.admin_port = free_port(), free_port()
        self.gateway = f"http://127.0.0.1:{self.gateway_port}"
        self.admin = f"http://127.0.0.1:{self.admin_port}"
        self.config = self.directory / "stoker.yaml"
        self.plan = {
            "state_dir": str(self.directory / "state"),
            "runtime_dir": str(self.directory / "run"),
            "gateway": {"listen": f"127.0.0.1:{self.gateway_port}"},
            "admin": {"listen": f"127.0.0.1:{self.admin_port}"},
            "processes": processes,
            # Scenarios ask the same again and again, and want it everywhere.
            "models": {name: {"affinity": "none", **keys} for name, keys in (models or {}).items()},
            **sections,
        }
        self.write()
        self.daemon = None
        self.stderr = self.directory / "daemon.stderr"

    def write(self):
        """Writes the plan; JSON is YAML."""
        self.config.write_text(json.dumps(self.plan, indent=1))

    # The daemon's life

    def launch(self, env=None):
        """Starts the daemon and returns at once."""
        with self.stderr.open("ab") as stderr:
            self.daemon = subprocess.Popen(
                [STOKER, "run", "--config", str(self.config)], stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr,
                env={**os.environ, **(env or {})}, cwd=self.directory)
        return self

    def start(self, env=None):
        """Starts the daemon and returns when its admin API answers."""
        self.launch(env)

        def answers():
            if self.daemon.poll() is not None:
                raise AssertionError(f"stoker run left with {self.daemon.returncode}: {self.stderr.read_text()}")
            return http(f"{self.admin}/healthz")

        wait_for(answers, "the admin API answers", 20)
        return self

    def ready(self, *names, timeout=30.0):
        """Waits until these processes (all, when none is named) are ready and the gateway routes to every model."""

        def settled():
            report = self.status()
            states = {p["name"]: p["state"] for p in report["processes"]}
            wanted = names or states.keys()
            routed = names or all(m["inRotation"] > 0 for m in report["models"])
            return routed and all(states.get(name) == "ready" for name in wanted)

        wait_for(settled, f"ready: {names or 'everything'}; {self.states}", timeout)
        if not names:
            wait_for(lambda: (a := http(f"{self.admin}/readyz")) and a.status == 200, "/readyz says 200", timeout)
        return self

    def stop(self, sig=signal.SIGTERM, timeout=30.0):
        """Ends the daemon and returns its exit code."""
        if self.daemon.poll() is None:
            self.daemon.send_signal(sig)
        return self.daemon.wait(timeout)

    # What it says

    def cli(self, *arguments, timeout=20.0, env=None):
        """Runs a command of the CLI against this stack."""
        return subprocess.run(
            [STOKER, arguments[0], "--config", str(self.config), *arguments[1:]], capture_output=True, text=True,
            timeout=timeout, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL)

    def status(self):
        return http(f"{self.admin}/api/v1/status").json

    def process(self, name):
        return next(p for p in self.status()["processes"] if p["name"] == name)

    def pid(self, name):
        return self.process(name)["pid"]

    @property
    def states(self):
        return {p["name"]: (p["state"], p["reason"]) for p in self.status()["processes"]}

    def events(self, kind=None, subject=None):
        return [
            e for e in http(f"{self.admin}/api/v1/events?limit=10000").json["events"]
            if (kind is None or e["kind"] == kind) and (subject is None or e.get("subject") == subject)
        ]

    def wait_event(self, kind, subject=None, timeout=20.0, count=1):
        """Waits for that many events of a kind and returns the newest."""
        found = wait_for(
            lambda: (f := self.events(kind, subject)) and len(f) >= count and f, f"event {kind} of {subject}", timeout)
        return found[-1]

    def starts(self, name):
        """How often a process was started: once, and again with each restart."""
        return len(self.events("process.starting", name)) + len(self.events("process.restarting", name))

    def log(self, name):
        path = self.directory / "state" / "log" / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def kill(self, name, sig=signal.SIGKILL):
        """Sends a signal to a process, as a person with `kill` would, and returns its pid once it is gone or has it."""
        pid = self.pid(name)
        os.kill(pid, sig)
        if sig == signal.SIGKILL:
            wait_for(lambda: not alive(pid), f"{name} ({pid}) is dead")
        return pid

    def complete(self, prompt="hello", model="m", timeout=30.0, **fields):
        """Asks the gateway for a completion."""
        return http(f"{self.gateway}/v1/completions", {"model": model, "prompt": prompt, **fields}, timeout)
