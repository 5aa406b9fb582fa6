"""Simulated engines beside a stack, each behind a fault proxy; what the gateway's promises are examined with."""

import os
import re
import signal
import subprocess
import sys
import urllib.request

from faultproxy import FaultProxy
from processes import wait_for
from stack import SCENARIOS, STOKER, free_port, http

# Long enough that a busy machine meets none of them; a scenario about a deadline sets its own.
PATIENT = {"connect": "1s", "first_token": "20s", "stall": "10s"}


class Simulator:
    """One `stoker simulate`."""

    def __init__(self, *flags, dialect="vllm", model="m"):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [STOKER, "simulate", "--model", model, "--dialect", dialect, "--listen", f"127.0.0.1:{self.port}", *flags],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: http(f"{self.url}/ping"), f"the simulator answers on {self.port}", 20)

    def state(self):
        return http(f"{self.url}/simulator/state").json

    def received(self):
        """Requests for an answer so far; probes are none."""
        return self.state()["requests"]["received"]

    def in_flight(self):
        return self.state()["requests"]["in_flight"]

    def aborted(self):
        """Answers that their client did not wait for."""
        return self.state()["requests"]["outcomes"]["abort"]

    def last(self, limit=1):
        """The latest requests that ended."""
        return http(f"{self.url}/simulator/requests?limit={limit}").json["requests"]

    def fault(self, name, **keys):
        """Turns a fault of docs/simulator.md on; `for_` stands for its `for`."""
        answer = http(f"{self.url}/simulator/faults", {"fault": name, **{k.rstrip("_"): v for k, v in keys.items()}})
        assert answer.status == 200, answer.text

    def clear(self):
        request = urllib.request.Request(f"{self.url}/simulator/faults", method="DELETE")
        urllib.request.urlopen(request, timeout=10).close()

    def signal(self, number):
        os.kill(self.process.pid, number)

    def kill(self):
        self.process.kill()
        self.process.wait(10)

    def stop(self):
        if self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(10)


class PlainEngine:
    """The scenarios' own engine (engine.py) where a simulator stands, for requests that the simulator refuses."""

    def __init__(self, *flags):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [sys.executable, str(SCENARIOS / "engine.py"), "--port", str(self.port), *flags],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_for(lambda: http(f"{self.url}/health"), f"the engine answers on {self.port}", 20)

    def received(self):
        return http(f"{self.url}/count").json["requests"]

    def clear(self):
        """It has no faults to end."""

    def stop(self):
        self.process.kill()
        self.process.wait(10)


class Rig:
    """Two simulators `a` and `b`, each behind a proxy of its own, attached as the backends of model `m`.

    Probes ask the simulators past the proxies: what a scenario breaks is the path of the requests alone, so that the
    gateway has to find out by itself.
    """

    def __init__(
            self, make, *flags, names="ab", engine="vllm", dialect=None, deadlines=None, gateway=None, probes=None,
            servers=None, **model):
        dialect = dialect or ("vllm" if engine in ("simulator", "openai") else engine)
        self.simulators = servers or {name: Simulator(*flags, dialect=dialect) for name in names}
        self.proxies = {name: FaultProxy(simulator.port) for name, simulator in self.simulators.items()}
        processes = {name: self.attached(name, engine, probes) for name in names}
        model = {"backends": list(names), "deadlines": deadlines or PATIENT, **model}
        self.stack = make(processes, {"m": model})
        self.ejections = 0
        self.stack.plan["gateway"].update(gateway or {})
        self.stack.write()
        try:
            self.stack.start().ready()
        except AssertionError:
            self.close()
            raise

    def attached(self, name, engine, probes):
        server = self.simulators[name]
        path = "ping" if isinstance(server, Simulator) else "health"
        probe = {"http": f"{server.url}/{path}", "interval": "200ms", "timeout": "5s", "failures": 5}
        return {
            "kind": "inference", "engine": engine, "url": f"http://127.0.0.1:{self.proxies[name].port}",
            "probes": probes(server) if probes else {"startup": probe, "readiness": probe}}

    @property
    def port(self):
        return self.stack.gateway_port

    def ask(self, prompt="hello", timeout=60.0, headers=None, **fields):
        """A unary completion."""
        body = {"model": "m", "prompt": prompt, **fields}
        return http(f"{self.stack.gateway}/v1/completions", body, timeout, headers)

    def inject(self, fault, *names, now=False):
        """The same fault at these proxies, at all when none is named."""
        for name in names or self.proxies:
            self.proxies[name].inject(fault, now=now)
        return fault

    def fault(self, name, **keys):
        """A fault of every simulator."""
        for simulator in self.simulators.values():
            simulator.fault(name, **keys)

    def mend(self):
        """Ends all faults and waits until both backends get requests again."""
        for name, simulator in self.simulators.items():
            if simulator.process.poll() is None:
                simulator.clear()
            self.proxies[name].clear()
        if self.metric("stoker_gateway_ejections_total") != self.ejections:
            self.forget()

        def both():
            before = self.received()
            asked = [self.ask(f"mended {i}") for i in range(2 * len(before))]
            after = self.received()
            return all(a and a.status == 200 for a in asked) and all(after[name] > before[name] for name in before)

        wait_for(both, "every backend gets requests", 30)

    def forget(self):
        """Has the gateway forget what it holds against the backends: they leave the table, and come as new ones."""
        models, self.stack.plan["models"] = self.stack.plan["models"], {}
        for plan, status in ({}, 404), (models, 200):
            self.stack.plan["models"] = plan
            self.stack.write()
            done = self.stack.cli("reload")
            assert done.returncode == 0, done.stderr
            wait_for(lambda: (a := self.ask("again")) and a.status == status, f"the table of {list(plan)}", 20)
        self.ejections = self.metric("stoker_gateway_ejections_total")

    def received(self):
        return {name: simulator.received() for name, simulator in self.simulators.items()}

    def metric(self, name, **labels):
        """The sum of the series of a metric that have these labels; None when there is no such metric."""
        return metric(http(f"{self.stack.admin}/metrics").text, name, **labels)

    def gateway_pid(self):
        return next(p["pid"] for p in self.stack.status()["processes"] if p["name"] == "gateway")

    def close(self):
        """Ends what stands beside the stack; the stack's own fixture stops the stack."""
        for proxy in self.proxies.values():
            proxy.close()
        for simulator in self.simulators.values():
            simulator.stop()


def metric(page, name, **labels):
    """The sum of a metric's series with these labels on a page in text format; None: it is not on the page."""
    total, found = 0.0, f"# TYPE {name} " in page
    for line in page.splitlines():
        series, _, value = line.rpartition(" ")
        if series.partition("{")[0] == name:
            found = True
            pairs = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', series))
            if labels.items() <= pairs.items():
                total += float(value)
    return total if found else None
