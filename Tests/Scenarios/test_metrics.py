"""The page that Prometheus reads, as Prometheus reads it."""

import gzip
import json
import math
import shutil
import subprocess
import urllib.parse

import pytest

from load import Burst, failed
from processes import wait_for
from stack import free_port, http


@pytest.fixture
def prometheus(tmp_path):
    """Starts a real Prometheus that scrapes one target every second; returns a function that asks its API."""
    program = shutil.which("prometheus")
    assert program, "prometheus is missing: make deps"
    started = []

    def make(target):
        config = {"scrape_configs": [{
            "job_name": "stoker", "scrape_interval": "1s", "scrape_timeout": "1s",
            "static_configs": [{"targets": [target]}],
        }]}
        (tmp_path / "prometheus.yml").write_text(json.dumps(config))
        port = free_port()
        with (tmp_path / "prometheus.log").open("wb") as log:
            started.append(subprocess.Popen(
                [program, f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/tsdb",
                 f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log, stdin=subprocess.DEVNULL))

        def query(expression):
            answer = http(f"http://127.0.0.1:{port}/api/v1/query?query={urllib.parse.quote(expression)}")
            return answer.json["data"]["result"] if answer and answer.status == 200 else []

        return query

    yield make
    for process in started:
        process.terminate()
        process.wait(20)


def test_prometheus_scrapes_it_and_answers_a_p99(pair, prometheus):
    stack = pair("--delay", "0.05").start().ready()
    query = prometheus(f"127.0.0.1:{stack.admin_port}")
    wait_for(lambda: [r for r in query("up") if r["value"][1] == "1"], "the target is up", 20)
    quantile = (
        "histogram_quantile(0.99, sum by (le, model) "
        "(rate(stoker_gateway_request_duration_seconds_bucket{model=\"m\"}[10s])))")

    def p99():
        assert failed(Burst(stack, 10).answers()) == []
        found = query(quantile)
        return found and not math.isnan(float(found[0]["value"][1])) and found[0]

    answer = wait_for(p99, "a P99 by the API", 30)
    assert answer["metric"] == {"model": "m"}
    assert 0.05 <= float(answer["value"][1]) < 5
    assert {r["metric"]["process"] for r in query("stoker_supervisor_process_state")} >= {"a", "b", "gateway"}


def test_promtool_finds_nothing_to_say(pair):
    stack = pair().start().ready()
    assert stack.complete().status == 200
    page = http(f"{stack.admin}/metrics")
    assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
    checked = subprocess.run(["promtool", "check", "metrics"], input=page.body, capture_output=True, timeout=20)
    assert checked.returncode == 0 and not checked.stdout and not checked.stderr, (checked.stdout, checked.stderr)


def test_the_form_is_negotiated(pair):
    stack = pair().start().ready()
    url = f"{stack.admin}/metrics"
    openmetrics = http(url, headers={"accept": "application/openmetrics-text;version=1.0.0"})
    assert openmetrics.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert openmetrics.body.endswith(b"# EOF\n")
    packed = http(url, headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert b"stoker_build_info" in gzip.decompress(packed.body)


def test_control_plane_and_gateway_are_one_page_without_doubles(pair):
    stack = pair().start().ready()
    assert failed(Burst(stack, 10).answers()) == []
    wait_for(
        lambda: 'stoker_gateway_requests_total{route="completions",model="m"' in http(f"{stack.admin}/metrics").text,
        "the gateway's counters arrive")
    samples = [x.rpartition(" ")[0] for x in http(f"{stack.admin}/metrics").text.splitlines() if not x.startswith("#")]
    assert len(samples) == len(set(samples))
