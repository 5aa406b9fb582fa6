"""Stoker, HAProxy, nginx and Caddy before the same backends, set up as in service, and the engines behind them."""

import contextlib
import http.client
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

from measuring import cpu_nanoseconds, family, free_port, resident_mib, wait_until_listening

NAMES = ["stoker", "haproxy", "nginx"]
# Caddy costs several times the CPU of the others: it is a peer where failures are compared, not where cost is.
ALL = [*NAMES, "caddy"]


class Proxy:
    """A program that listens on `port` and passes on to `backends`, ports of this machine.

    - patience: seconds that it waits for a silent backend; equal for all.
    - slots: requests that a backend is to have at once; the rest waits, or is refused where the proxy has no queue.
    - queue: how long it waits, in HAProxy; Stoker's default is 30 s, too.
    - Stoker is the whole `stoker run`: control plane, shim and gateway count as its processes.

    Each stands in a session of its own, as a service does and as Stoker's gateway always does. Linux shares processors
    among sessions first (autogroup): a proxy in the benchmark's session would have the share of engine and clients.
    """

    def __init__(self, name, directory, backends, stoker, threads=None, patience=60, engine="openai", slots=None,
            queue="30s"):
        self.name, self.port, self.stoker = name, free_port(), stoker
        self.directory = pathlib.Path(directory) / f"{name}-{self.port}"
        self.directory.mkdir()
        self.threads, self.patience, self.engine = threads or os.cpu_count(), patience, engine
        self.slots, self.queue = slots, queue
        self.process = getattr(self, f"_{name}")(backends, stoker)
        wait_until_listening(self.port, self.process)

    def _stoker(self, backends, stoker):
        names = [f"b{port}" for port in backends]
        admin = free_port()
        # The least that `stall` takes is a second.
        deadlines = {"connect": "1s", "first_token": f"{self.patience}s", "stall": f"{self.patience}s"}
        plan = {
            "state_dir": str(self.directory / "state"), "runtime_dir": str(self.directory / "run"),
            "gateway": {"listen": f"127.0.0.1:{self.port}", "threads": self.threads},
            "admin": {"listen": f"127.0.0.1:{admin}"},
            "processes": {
                name: {"kind": "inference", "engine": self.engine, "url": f"http://127.0.0.1:{port}",
                       **({"slots": self.slots} if self.slots else {})}
                for name, port in zip(names, backends)},
            "models": {"m": {"backends": names, "deadlines": deadlines}}}
        config = self.directory / "stoker.yaml"
        config.write_text(json.dumps(plan))
        with (self.directory / "log").open("wb") as log:
            process = subprocess.Popen(
                [str(stoker), "run", "--config", str(config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until_listening(admin, process)
        wait_until_ready(admin)
        return process

    def _haproxy(self, backends, _):
        config = self.directory / "haproxy.cfg"
        limit = f" maxconn {self.slots}" if self.slots else ""
        servers = "".join(f"  server b{p} 127.0.0.1:{p} check inter 1s fall 2 rise 1{limit}\n" for p in backends)
        config.write_text(
            f"global\n  nbthread {self.threads}\n  maxconn 8000\n"
            f"defaults\n  mode http\n  timeout connect 1s\n  timeout client 60s\n  timeout server {self.patience}s\n"
            "  option http-keep-alive\n  http-reuse always\n  retries 3\n  option redispatch 1\n"
            # Without http-no-delay HAProxy gathers the events of a stream for 100 ms and more.
            f"  retry-on all-retryable-errors\n  option http-no-delay\n  timeout queue {self.queue}\n  option abortonclose\n"
            f"listen l\n  bind 127.0.0.1:{self.port}\n  balance leastconn\n{servers}")
        return subprocess.Popen(["haproxy", "-q", "-db", "-f", config], start_new_session=True)

    def _nginx(self, backends, _):
        limit = f" max_conns={self.slots}" if self.slots else ""
        servers = " ".join(f"server 127.0.0.1:{port} max_fails=1 fail_timeout=10s{limit};" for port in backends)
        return start_nginx(
            self.directory, "proxy", self.threads,
            f"upstream u {{ {'zone u 256k; ' if limit else ''}least_conn; {servers} keepalive 256; }}\n"
            f"server {{ listen 127.0.0.1:{self.port} backlog=4096; keepalive_requests 1000000000; location / {{\n"
            "proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_buffering off;\n"
            f"proxy_connect_timeout 1s; proxy_read_timeout {self.patience}s;\n"
            "proxy_next_upstream error timeout http_500 http_502 http_503 http_504 non_idempotent; } }", service=True)

    def _caddy(self, backends, _):
        config = self.directory / "Caddyfile"
        config.write_text(
            "{\n admin off\n auto_https off\n}\n"
            f"http://127.0.0.1:{self.port} {{\n reverse_proxy {' '.join(f'127.0.0.1:{port}' for port in backends)} {{\n"
            # Without the buffer a request's body is gone when it is to be sent again, and the second backend is blamed.
            "  buffer_requests\n  lb_policy least_conn\n  lb_try_duration 2s\n  lb_try_interval 50ms\n"
            "  lb_retry_match {\n   method POST\n  }\n  fail_duration 10s\n  max_fails 1\n"
            "  health_uri /health\n  health_interval 1s\n  health_timeout 1s\n  flush_interval -1\n"
            f"  transport http {{\n   dial_timeout 1s\n   response_header_timeout {self.patience}s\n  }}\n }}\n}}\n")
        with (self.directory / "log").open("wb") as log:
            return subprocess.Popen(
                ["caddy", "run", "--adapter", "caddyfile", "--config", str(config)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "HOME": str(self.directory), "XDG_DATA_HOME": str(self.directory)})

    @property
    def cpu(self):
        """Nanoseconds of CPU that it and its children have used."""
        return cpu_nanoseconds(self.process.pid)

    @property
    def transitions(self):
        """How often Stoker has taken a backend out and back, by its own events."""
        done = subprocess.run(
            [str(self.stoker), "events", "--config", str(self.directory / "stoker.yaml"), "--json", "--limit", "1000"],
            capture_output=True, text=True)
        return sum(f'"backend.{change}"' in line for line in done.stdout.splitlines() for change in ("out", "back"))

    @property
    def resident(self):
        """MiB in memory of it and its children, by process."""
        found = {}
        for pid in family(self.process.pid):
            with contextlib.suppress(OSError):
                found[pid] = resident_mib(pid)
        return found

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            for pid in list(family(self.process.pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()


class Direct:
    """No proxy: what the way to the engine costs by itself."""

    name, cpu, resident = "direct", 0, {}

    def __init__(self, port):
        self.port = port

    def stop(self):
        pass


@contextlib.contextmanager
def between(name, directory, backends, stoker, **options):
    """The proxy of that name, or none for `direct`, and its end."""
    proxy = Direct(backends[0]) if name == "direct" else Proxy(name, directory, backends, stoker, **options)
    try:
        yield proxy
    finally:
        proxy.stop()


def grown(before, after):
    """MiB by which processes grew; one that shrank, as a control plane does at first, pays for none that grew."""
    return sum(max(0.0, size - before.get(pid, 0.0)) for pid, size in after.items())


def wait_until_ready(admin):
    for _ in range(200):
        with contextlib.suppress(OSError):
            client = http.client.HTTPConnection("127.0.0.1", admin, timeout=5)
            client.request("GET", "/readyz")
            if client.getresponse().status == 200:
                return
        time.sleep(0.05)
    raise SystemExit("stoker does not get ready")


def start_nginx(directory, name, workers, server, service=False):
    """service: in a session of its own."""
    config = directory / f"{name}.conf"
    config.write_text(
        f"daemon off; pid {directory}/{name}.pid; error_log {directory}/{name}.log; worker_processes {workers};\n"
        "worker_rlimit_nofile 20000; events { worker_connections 10000; }\n"
        f"http {{ access_log off; client_body_temp_path {directory}/{name}; keepalive_timeout 60s; {server} }}\n")
    return subprocess.Popen(
        ["nginx", "-e", f"{directory}/{name}.log", "-c", config], start_new_session=service)


class Engine:
    """One `stoker simulate` of model m."""

    def __init__(self, stoker, *flags, prefix=()):
        self.port = free_port()
        self.process = subprocess.Popen(
            [*prefix, str(stoker), "simulate", "--model", "m", "--listen", f"127.0.0.1:{self.port}", *map(str, flags)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until_listening(self.port, self.process)

    def state(self, method="GET"):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        client.request(method, "/simulator/state")
        return json.loads(client.getresponse().read())

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        self.process.wait(20)


@contextlib.contextmanager
def engines(stoker, count, *flags, prefix=()):
    found = []
    try:
        for _ in range(count):
            found.append(Engine(stoker, *flags, prefix=prefix))
        yield found
    finally:
        for engine in found:
            engine.stop()


def load(stoker, port, *options, prefix=()):
    """Runs `stoker load run` against a port and returns its report."""
    with tempfile.TemporaryDirectory(prefix="load-") as here:
        report = pathlib.Path(here) / "report.json"
        done = subprocess.run(
            [*prefix, str(stoker), "load", "run", "--url", f"http://127.0.0.1:{port}", "--model", "m", "--ui", "none",
             "--json", str(report), *map(str, options)], capture_output=True, text=True)
        if not report.exists():
            raise SystemExit(f"stoker load wrote no report (exit {done.returncode}): {done.stderr[-2000:]}")
        return json.loads(report.read_text())


def quantile(report, measure, fraction):
    """Of a report of `stoker load`; None when there were too few values to mean it."""
    row = next((row for row in report["distributions"] if row["measure"] == measure), None)
    if row is None:
        return None
    return next((q.get("value") for q in row["quantiles"] if abs(q["fraction"] - fraction) < 1e-9), None)


def available(names=NAMES):
    """The proxies whose programs are here; the rest is named."""
    found = []
    for name in names:
        if name == "stoker" or any(
                os.access(os.path.join(place, name), os.X_OK)
                for place in [*os.environ.get("PATH", "").split(":"), "/usr/sbin"]):
            found.append(name)
        else:
            print(f"{name} is left out: it is not installed")
    return found
