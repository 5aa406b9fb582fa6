"""GPUs, read beside everything else: values, a driver that hangs, faults, and machines without any."""

import subprocess
import time

import pytest

from gpus import FakeNVML, amd_tree, gpu_threads, series
from processes import wait_for
from stack import http

CARD = 'gpu="0",uuid="GPU-00000000-0000-0000-0000-000000000000"'


@pytest.fixture
def machine(pair, tmp_path):
    """Makes a stack of two engines on a machine with fake NVIDIA cards: `machine(script)` gives both."""

    def make(script=""):
        fake = FakeNVML(tmp_path / "nvml", script)
        return pair().start(env=fake.env).ready(), fake

    return make


def page(stack):
    answer = http(f"{stack.admin}/metrics", timeout=5)
    assert answer.status == 200
    return answer.text


def gpu(stack):
    return series(page(stack))


def test_what_a_card_says_is_on_every_page(machine):
    stack, fake = machine("gpus 2\nvalue 0 utilization 87")
    engine = stack.pid("a")
    fake.say(f"gpus 2\nvalue 0 utilization 87\nvalue 0 memory_used 1073741824\nprocess 0 {engine} 1073741824")
    holder = f'stoker_gpu_process_memory_bytes{{{CARD},process="a"}}'
    wait_for(lambda: holder in gpu(stack), "the engine's memory is on the page")
    found = gpu(stack)
    assert found[holder] == 1 << 30
    assert found[f"stoker_gpu_utilization_ratio{{{CARD}}}"] == 0.87
    assert found[f'stoker_gpu_temperature_celsius{{{CARD},sensor="core"}}'] == 41
    assert found["stoker_gpu_devices"] == found["stoker_gpu_devices_expected"] == 2
    checked = subprocess.run(["promtool", "check", "metrics"], input=page(stack).encode(), capture_output=True, timeout=20)
    assert checked.returncode == 0 and not checked.stdout and not checked.stderr, (checked.stdout, checked.stderr)

    reading = stack.status()["gpus"]["readings"][0]
    assert reading["utilization"] == 0.87 and reading["processes"][0]["owner"] == "a"
    assert "fanSpeed" not in reading
    row = next(line for line in stack.cli("status").stdout.splitlines() if line.startswith("0 "))
    assert "NVIDIA Fake 80GB" in row and "87 %" in row and "1.0 GiB of 80 GiB" in row and row.endswith("a 1.0 GiB")


def test_a_driver_that_hangs_holds_up_nobody_and_says_so(machine):
    stack, fake = machine("gpus 2")
    wait_for(lambda: "stoker_gpu_devices" in gpu(stack), "the cards are on the page")
    fake.say("gpus 2\nhang nvmlDeviceGetTemperature")
    wait_for(lambda: gpu(stack)['stoker_gpu_source_up{source="nvml"}'] == 0, "the driver counts as silent", 20)
    threads = gpu_threads(stack.daemon.pid)

    began = time.monotonic()
    found = gpu(stack)
    assert time.monotonic() - began < 1
    assert not [name for name in found if name.startswith(("stoker_gpu_info", "stoker_gpu_utilization_ratio"))]
    assert "stoker_gpu_devices" not in found
    began = time.monotonic()
    said = stack.cli("status")
    assert time.monotonic() - began < 5
    assert "NVML has not answered for " in said.stdout and "(nvmlDeviceGetTemperature of GPU 0)" in said.stdout
    assert said.returncode == 0
    assert stack.complete().status == 200
    event = stack.wait_event("gpu.unreadable")
    assert event["severity"] == "warning" and "nvmlDeviceGetTemperature of GPU 0" in event["message"]
    # Seconds later it is still the same thread, and nobody has put a second one beside it.
    assert gpu_threads(stack.daemon.pid) == threads == ["gpu-nvml", "gpu-xid"]

    fake.say("gpus 2")
    wait_for(lambda: gpu(stack)['stoker_gpu_source_up{source="nvml"}'] == 1, "it answers again")
    stack.wait_event("gpu.readable")
    assert gpu(stack)["stoker_gpu_devices"] == 2
    assert len(stack.events("gpu.unreadable")) == 1


def test_the_daemon_ends_though_the_driver_hangs(machine):
    stack, fake = machine()
    fake.say("hang nvmlDeviceGetTemperature")
    wait_for(lambda: stack.status()["gpus"]["sources"][0]["state"] == "silent", "the driver counts as silent", 20)
    began = time.monotonic()
    assert stack.stop() == 0
    assert time.monotonic() - began < 10


def test_a_fault_that_the_driver_reports_is_counted_and_told(machine):
    stack, fake = machine("gpus 2")
    count = f'stoker_gpu_xid_errors_total{{{CARD},xid="79"}}'
    wait_for(lambda: gpu(stack).get(count) == 0, "the count begins at zero")
    fake.say("gpus 2\nxid 1 0 79\nxid 2 1 31")
    event = stack.wait_event("gpu.xid", "gpu-0")
    assert event["severity"] == "error" and event["message"].startswith("Xid 79: The card has fallen off the bus")
    assert stack.wait_event("gpu.xid", "gpu-1")["severity"] == "info"
    found = gpu(stack)
    assert found[count] == 1
    assert abs(found[f'stoker_gpu_xid_last_timestamp_seconds{{{CARD},xid="79"}}'] - time.time()) < 60


def test_a_lost_card_is_an_event_and_the_other_goes_on(machine):
    stack, fake = machine("gpus 2")
    wait_for(lambda: gpu(stack).get("stoker_gpu_devices") == 2, "two cards answer")
    fake.say("gpus 2\nlost 0")
    event = stack.wait_event("gpu.lost", "gpu-0")
    assert event["severity"] == "error" and "has fallen off the bus" in event["message"]
    found = gpu(stack)
    assert found["stoker_gpu_devices"] == 1 and found["stoker_gpu_devices_expected"] == 2
    assert f"stoker_gpu_utilization_ratio{{{CARD}}}" not in found
    assert "the GPU is lost" in stack.cli("status").stdout


def test_a_driver_that_is_not_loaded_is_a_reason_and_is_found_later(machine):
    stack, fake = machine("fail nvmlInitWithFlags 9")
    event = stack.wait_event("gpu.unreadable")
    assert "the NVIDIA driver is not loaded" in event["message"]
    assert "the NVIDIA driver is not loaded" in stack.cli("status").stdout
    fake.say("")
    wait_for(lambda: gpu(stack).get("stoker_gpu_devices") == 1, "the card is found", 40)


def test_an_amd_card_is_read_from_its_files(pair, tmp_path):
    env, device = amd_tree(tmp_path / "sys")
    stack = pair().start(env=env).ready()
    card = 'gpu="card0",uuid="6a1b"'
    wait_for(lambda: f"stoker_gpu_utilization_ratio{{{card}}}" in gpu(stack), "the card is on the page")
    found = gpu(stack)
    assert found[f"stoker_gpu_utilization_ratio{{{card}}}"] == 0.87
    assert found[f'stoker_gpu_temperature_celsius{{{card},sensor="junction"}}'] == 45.5
    assert found[f"stoker_gpu_power_watts{{{card}}}"] == 92
    assert gpu_threads(stack.daemon.pid) == ["gpu-sysfs"]
    (device / "gpu_busy_percent").write_text("\0nonsense\n")
    wait_for(lambda: f"stoker_gpu_utilization_ratio{{{card}}}" not in gpu(stack), "nonsense is absent")
    wait_for(lambda: gpu(stack)['stoker_gpu_source_errors_total{source="sysfs"}'] > 0, "and counted")
    assert "gpu_busy_percent" in stack.cli("status").stdout


def test_a_machine_without_gpus_has_no_series_no_line_and_no_thread(pair, tmp_path):
    stack = pair().start(env={"STOKER_NVML_LIBRARY": "libno-such-nvml.so.1", "STOKER_SYSFS": str(tmp_path)}).ready()
    assert "stoker_gpu_" not in page(stack) and 'collector="gpu' not in page(stack)
    assert "gpus" not in stack.status()
    assert "GPU" not in stack.cli("status").stdout
    assert gpu_threads(stack.daemon.pid) == []
