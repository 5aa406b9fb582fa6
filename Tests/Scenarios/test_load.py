"""The load generator against servers good and bad: what it says, what it counts, how it ends."""

import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import threading

import pytest
import yaml

from processes import wait_for
from rude import RudeServer
from stack import ROOT, STOKER, free_port, http


class Run:
    """`stoker load …`, finished: its exit code, its report, its words."""

    def __init__(self, code, stdout, stderr):
        self.code, self.stdout, self.stderr = code, stdout, stderr

    @property
    def report(self):
        return json.loads(self.stdout)

    @property
    def outcomes(self):
        """Failures by class."""
        return {row["outcome"]: row["count"] for row in self.report["errors"]}


def ended(run, code):
    """Ended so. Where the machine that tests is too busy to measure from, the report says that first, rightly."""
    if run.code == 3 and code in (0, 99):
        return json.loads(run.stdout)["verdict"]["level"] == "INVALID" if run.stdout[:1] == "{" else "INVALID" in run.stdout
    return run.code == code


def environment(**changes):
    """No key of the shell may reach a test."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "STOKER_CONFIG"))}
    return {**kept, **changes}


def load(*arguments, timeout=60.0, **changes):
    done = subprocess.run(
        [STOKER, "load", *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
        stdin=subprocess.DEVNULL, env=environment(**changes))
    assert "Fatal error" not in done.stderr and "Stack dump" not in done.stderr
    return Run(done.returncode, done.stdout, done.stderr)


def measured(port, *arguments, scheme="http", **changes):
    """A short run as JSON: three requests of one user, unless it is told otherwise."""
    return load(
        "run", "-u", f"{scheme}://127.0.0.1:{port}", "-m", "m", "-q", "--json", "-", "--endpoint-type", "completions",
        "--input-len", 8, "--output-len", 4, *(arguments or ("-n", 3)), **changes)


@pytest.fixture
def simulator(tmp_path):
    """Starts `stoker simulate` on a port of its own; returns the port."""
    started = []

    def make(*flags):
        port = free_port()
        log = (tmp_path / f"simulator-{port}.log").open("wb")
        started.append(subprocess.Popen(
            [STOKER, "simulate", "--model", "m", "--listen", f"127.0.0.1:{port}", *flags], stdin=subprocess.DEVNULL,
            stdout=log, stderr=log))
        wait_for(lambda: http(f"http://127.0.0.1:{port}/v1/models"), "the simulator answers")
        return port

    yield make
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def rude():
    servers = []

    def make(*arguments, **options):
        servers.append(RudeServer(*arguments, **options))
        return servers[-1].port

    yield make
    for server in servers:
        server.close()


# What it measures


def test_a_healthy_server_is_measured(simulator):
    run = measured(simulator("--ttft", "30ms", "--itl", "5ms"), "-c", 4, "-n", 40)
    report = run.report
    assert ended(run, 0), run.stdout
    assert report["counts"]["ok"] == 40 and not run.outcomes
    assert report["tokens"]["output"] == 160 and report["tokens"]["source"] == "usage"
    service = next(d for d in report["distributions"] if d["measure"] == "ttft_service")
    assert 29 < next(q["value"] for q in service["quantiles"] if q["fraction"] == 0.5) < 60


def test_the_model_is_asked_for(simulator):
    port = simulator()
    run = load("run", "-u", f"http://127.0.0.1:{port}", "-q", "--json", "-", "-n", 2, "--output-len", 2)
    assert ended(run, 0) and run.report["plan"]["model"] == "m"


def test_every_form_is_written(simulator, tmp_path):
    run = load(
        "run", "-u", f"http://127.0.0.1:{simulator()}", "-m", "m", "-q", "-n", 20, "--output-len", 2, "-o",
        tmp_path / "out")
    assert ended(run, 0) and "VALID" in run.stdout and "\x1b[" not in run.stdout
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"report.json", "report.txt", "report.html", "measures.csv", "timeline.csv", "report.hlog"}
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<svg" in page and "http://" not in page.replace("http://127.0.0.1", "").replace("http://www.w3.org", "")
    again = load("report", tmp_path / "out" / "report.json")
    assert ended(again, 0) and "VALID" in again.stdout
    same = load("compare", tmp_path / "out" / "report.json", tmp_path / "out" / "report.json")
    assert same.code == 0 or "INVALID" in same.stdout, same.stdout


def test_shards_together_are_the_plan(simulator, tmp_path):
    port = simulator("--ttft", "5ms")
    for number in (1, 2):
        run = measured(
            port, "-R", 100, "--arrival", "constant", "-d", "2s", "--seed", 42, "--shard", f"{number}/2", "--hdr",
            tmp_path / f"{number}.hlog")
        assert run.code in (0, 3) and 90 <= run.report["counts"]["sent"] <= 110
    merged = load("report", tmp_path / "1.hlog", tmp_path / "2.hlog", "--json", "-")
    assert merged.code in (0, 3), merged.stderr
    assert 199 <= merged.report["counts"]["sent"] <= 201


# How it ends


def test_thresholds_that_are_missed_end_with_99(simulator):
    run = measured(simulator("--ttft", "80ms"), "-n", 20, "--threshold", "p50(ttft)<1ms")
    assert ended(run, 99) and not run.report["thresholds"][0]["is_met"]
    kept = measured(simulator("--ttft", "80ms"), "-n", 20, "--threshold", "p50(ttft)<10s")
    assert ended(kept, 0) and kept.report["thresholds"][0]["is_met"]


def test_a_withheld_percentile_meets_no_threshold(simulator):
    run = measured(simulator(), "-n", 5, "--threshold", "p99(ttft)<10s")
    assert ended(run, 99) and not run.report["thresholds"][0]["is_met"]


def test_only_errors_end_with_1(rude):
    assert measured(rude("500")).code == 1


def test_abort_on_ends_early_with_4(rude):
    run = measured(rude("500"), "-c", 2, "-d", "60s", "--abort-on", "errors.rate>20% for 1s", "--think-time", "50ms")
    assert run.code == 4 and run.report["run"]["ending"] == "aborted"


def interrupted(port, signals, *arguments):
    """Runs for a minute, is interrupted once it has sent something, and returns what it left."""
    process = subprocess.Popen(
        [STOKER, "load", "run", "-u", f"http://127.0.0.1:{port}", "-m", "m", "-q", "--json", "-", "-d", "60s",
         "--output-len", "4", *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
    try:
        running = re.compile(r"^vllm:num_requests_running\S* [1-9]", re.MULTILINE)
        wait_for(lambda: running.search(http(f"http://127.0.0.1:{port}/metrics").text), "it asks")
        for _ in range(signals):
            process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    return Run(process.returncode, stdout, stderr)


def test_ctrl_c_reports_what_was_measured(simulator):
    run = interrupted(simulator("--ttft", "5ms"), 1)
    assert run.code == 130 and run.report["run"]["ending"] == "interrupted"
    assert run.report["counts"]["scheduled"] > 0


def test_ctrl_c_cuts_streams_that_would_go_on(simulator):
    run = interrupted(simulator("--ttft", "5ms", "--itl", "1s", "--tokens", "100"), 1, "--output-len", "100")
    assert run.code == 130 and run.report["counts"]["censored"] >= 1


def starve(pid, stop):
    """Lets a process run a tenth of the time, as a cgroup's quota would."""
    pause = threading.Event()
    while not stop.is_set():
        try:
            os.kill(pid, signal.SIGSTOP)
            pause.wait(0.09)
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            return
        pause.wait(0.01)


def test_a_starved_generator_accuses_itself(simulator):
    port = simulator("--ttft", "2ms", "--itl", "1ms")
    process = subprocess.Popen(
        [STOKER, "load", "run", "-u", f"http://127.0.0.1:{port}", "-m", "m", "-q", "--json", "-", "-R", "200", "-d",
         "5s", "--output-len", "4", "--endpoint-type", "completions"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
    stop = threading.Event()
    starver = threading.Thread(target=starve, args=(process.pid, stop))
    starver.start()
    try:
        stdout, stderr = process.communicate(timeout=60)
    finally:
        stop.set()
        starver.join()
        process.kill()
        process.wait()
    run = Run(process.returncode, stdout, stderr)
    assert run.code == 3, stderr
    assert any(reason["level"] == "INVALID" for reason in run.report["verdict"]["reasons"])


# Bad servers


@pytest.mark.parametrize(
    "answer, outcome",
    [
        ("redirect", "redirect"), ("html", "wrong-content-type"), ("error-in-stream", "error-in-stream"),
        ("error-first", "error-in-stream"), ("no-done", "unfinished"), ("no-token", "no-token"),
        ("truncated", "truncated"), ("too-short", "truncated"), ("garbage", "malformed"), ("nothing", "closed-early"),
        ("429", "rate-limited"), ("503", "unavailable"), ("500", "server-error"), ("404", "client-error"),
    ])
def test_each_bad_answer_has_its_class(rude, answer, outcome):
    run = measured(rude(answer))
    assert run.code == 1 and run.outcomes == {outcome: 3}, run.stdout


@pytest.mark.parametrize("answer", ["good", "huge", "no-newline"])
def test_odd_answers_that_are_right_succeed(rude, answer):
    run = measured(rude(answer))
    assert ended(run, 0) and run.report["counts"]["ok"] == 3, run.stdout


def test_the_words_of_an_error_are_kept(rude):
    run = measured(rude("error-in-stream"))
    assert "CUDA out of memory" in run.report["errors"][0]["sample"]


def test_resets_are_counted_and_the_rest_succeeds(rude):
    run = measured(rude("good", reset_every=3), "-n", 12, "--no-keepalive")
    assert ended(run, 0) and run.report["counts"]["ok"] == 8
    assert sum(run.outcomes.values()) == 4 and set(run.outcomes) <= {"reset", "closed-early"}


def test_nobody_listens():
    run = measured(free_port())
    assert run.code == 1 and run.outcomes == {"connection-refused": 3}


def test_an_unknown_host_is_said_in_one_line():
    run = load("run", "-u", "http://no-such-host.invalid:8080", "-m", "m", "-q", "-n", 1)
    assert run.code in (1, 2)
    assert "no-such-host.invalid" in run.stdout + run.stderr
    if run.code == 2:
        assert len(run.stderr.strip().splitlines()) == 1


@pytest.fixture
def certificate(tmp_path):
    """A self-signed certificate of 127.0.0.1 as a server's context."""
    program = shutil.which("openssl")
    assert program, "openssl is missing: make deps"
    subprocess.run(
        [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"],
        check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    return context


def test_a_self_signed_certificate_is_refused_unless_it_is_believed(rude, certificate):
    port = rude("good", tls=certificate)
    refused = measured(port, scheme="https")
    assert refused.code == 1 and refused.outcomes == {"tls": 3}
    believed = measured(port, "--insecure", "-n", 3, scheme="https")
    assert ended(believed, 0) and believed.report["counts"]["ok"] == 3


def test_tls_to_a_server_without_it(rude):
    run = measured(rude("good"), "-n", 1, "--connect-timeout", "500ms", scheme="https")
    assert run.code == 1 and set(run.outcomes) <= {"tls", "connect-timeout"}


# Bad words


@pytest.mark.parametrize(
    "arguments, expected",
    [
        (["--users", "x"], "--users"), (["--users", "5", "--request-rate", "3"], "--request-rate"),
        (["--think-time", "5"], "--think-time"), (["-u", "gw:8080"], "http://"), (["--slo", "x"], "mlperf-deepseek-r1"),
        (["--threshold", "foo<1"], "foo"), (["--goodput", "ttft:x"], "ttft"), (["--header", "x"], "--header"),
        (["--dataset", "sharegpt"], "--dataset-path"), (["--prometheus-addr", "9464"], "127.0.0.1:9464"),
        (["--shard", "1/2"], "--seed"), (["--start-at", "noon"], "--start-at"), (["--json", "/nonexistent/x"], "--json"),
        (["--dataset", "jsonl", "--dataset-path", "/nonexistent"], "/nonexistent"), (["--ui", "web"], "--ui"),
        (["--users", "900000"], "open files"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_a_bad_flag_is_one_clear_line(arguments, expected):
    run = load("run", "-m", "m", *arguments)
    lines = run.stderr.strip().splitlines()
    assert run.code == 2 and expected in run.stderr and len(lines) <= 2, run.stderr


def test_no_model_to_be_found_is_one_clear_line():
    run = load("run", "-u", f"http://127.0.0.1:{free_port()}")
    assert run.code == 2 and "--model" in run.stderr and len(run.stderr.strip().splitlines()) == 1


def test_a_key_is_never_printed(simulator, tmp_path):
    secret = "sk-never-to-be-seen"
    for arguments, changes in ((["--api-key", secret], {}), ([], {"OPENAI_API_KEY": secret})):
        run = measured(simulator(), "-n", 1, "-o", str(tmp_path / "out"), *arguments, **changes)
        written = "".join(path.read_text() for path in (tmp_path / "out").iterdir())
        assert ended(run, 0) and secret not in run.stdout + run.stderr + written


# Beside the report


def test_prometheus_reads_a_run(simulator):
    port, page = simulator("--ttft", "5ms"), free_port()
    process = subprocess.Popen(
        [STOKER, "load", "run", "-u", f"http://127.0.0.1:{port}", "-m", "m", "-q", "-d", "60s", "--output-len", "2",
         "--prometheus-addr", f"127.0.0.1:{page}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
    try:
        def counts():
            answer = http(f"http://127.0.0.1:{page}/metrics")
            return answer and 'stoker_load_requests_total{model="m",outcome="ok"} ' in answer.text and answer

        text = wait_for(counts, "the page is there").text
        promtool = shutil.which("promtool")
        if promtool:
            checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True)
            assert checked.returncode == 0, checked.stdout + checked.stderr
        assert http(f"http://127.0.0.1:{page}/").status == 404
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130


def test_a_port_that_is_taken_for_metrics_is_one_clear_line(rude, simulator):
    taken = rude()
    run = measured(simulator(), "-n", 1, "--prometheus-addr", f"127.0.0.1:{taken}")
    assert run.code == 2 and str(taken) in run.stderr and len(run.stderr.strip().splitlines()) == 1


def test_without_a_terminal_there_are_lines_and_no_escapes(simulator):
    port = simulator("--ttft", "5ms")
    run = load("run", "-u", f"http://127.0.0.1:{port}", "-m", "m", "-d", "2s", "--output-len", "2")
    assert "in flight" in run.stderr and "\x1b" not in run.stderr + run.stdout


def test_a_sweep_leaves_its_answer(simulator, tmp_path):
    port = simulator("--ttft", "5ms", "--slots", "4", "--tokens", "4")
    run = load(
        "sweep", "-u", f"http://127.0.0.1:{port}", "-m", "m", "-q", "--users", "1,2,4", "-d", "3s", "--warmup", "1s",
        "--output-len", 4, "--objective", "p50(ttft)<5s", "--state-dir", tmp_path)
    answer = json.loads((tmp_path / "load" / "latest.json").read_text())
    assert answer["schema"] == "stoker-sweep/1" and answer["answer"] in run.stdout
    assert run.code == 0 and answer["taken"]["level"] == 4 or run.code == 3 and "INVALID" in answer["answer"]


def test_a_trace_is_replayed(simulator, tmp_path):
    rows = [{"timestamp": 100 * i, "input_length": 20, "output_length": 2, "hash_ids": [i]} for i in range(10)]
    (tmp_path / "trace.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = load(
        "replay", "--trace", tmp_path / "trace.jsonl", "--format", "mooncake", "--speedup", 2, "-u",
        f"http://127.0.0.1:{simulator()}", "-m", "m", "-q", "--json", "-")
    assert run.code in (0, 3), run.stderr
    assert run.report["counts"]["sent"] == 10


def test_the_example_job_is_a_job():
    job = yaml.safe_load((ROOT / "examples" / "kubernetes" / "load-job.yaml").read_text())
    spec = job["spec"]
    assert job["kind"] == "Job" and spec["completionMode"] == "Indexed" and spec["completions"] == spec["parallelism"]
    command = spec["template"]["spec"]["containers"][0]["args"][0]
    assert f'/{spec["completions"]}"' in command and "--start-at" in command
    # Each flag exists: what is wrong must be the time alone.
    words = command.replace("exec stoker ", "").replace('"', "").split()
    words = " ".join(words).replace("$((JOB_COMPLETION_INDEX + 1))", "1").replace("$JOB_COMPLETION_INDEX", "0")
    words = words.replace("$START", "5").replace("/results", "/tmp").split()
    assert load(*words[1:]).stderr.startswith("stoker load run: --start-at 5 is")


def test_the_instrument_passes_its_exam():
    run = load("selftest", timeout=120)
    assert run.code == 0, run.stdout
