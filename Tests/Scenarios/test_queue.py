"""Requests that find every backend full: they wait, in turns, within bounds, and nobody is forgotten."""

import os
import signal
import socket
import threading
import time

import pytest

from crowd import Crowd
from load import Burst, failed
from processes import alive, wait_for
from simulators import PATIENT, metric
from stack import QUICK, STOKER, free_port, http
from streams import request, stream


@pytest.fixture
def engines(stack):
    """Supervised simulators behind model `m`: `engines(2, "--slots", 3)`; the stack, and the engines' ports."""

    def make(count, *flags, gateway=None, **model):
        ports = {name: free_port() for name in "abcd"[:count]}
        flags = [str(flag) for flag in flags]
        processes = {
            name: {
                "kind": "inference", "engine": "simulator", "port": port, **QUICK,
                "command": [STOKER, "simulate", "--model", "m", "--listen", "127.0.0.1:${PORT}", *flags]}
            for name, port in ports.items()}
        made = stack(processes, {"m": {"backends": list(ports), "deadlines": PATIENT, **model}})
        made.plan["gateway"].update(gateway or {})
        made.write()
        return made.start().ready(), list(ports.values())

    return make


def state(port):
    return http(f"http://127.0.0.1:{port}/simulator/state").json["requests"]


def counted(stack, name, **labels):
    return metric(http(f"{stack.admin}/metrics").text, name, **labels)


def waiting(stack):
    return counted(stack, "stoker_gateway_queue_depth", queue="m")


def ask(stack, client, answers, timeout=60, **fields):
    """A request in a thread, by a client of that name."""

    def run():
        body = {"model": "m", "prompt": client, **fields}
        answer = http(
            f"{stack.gateway}/v1/completions", body, timeout, headers={"authorization": f"Bearer {client}"})
        answers.append((client, time.monotonic(), answer))

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def finish(threads):
    for thread in threads:
        thread.join(90)
        assert not thread.is_alive()


def test_slots_are_never_exceeded_and_all_who_wait_are_answered(engines):
    stack, ports = engines(2, "--slots", 3, "--ttft", "20ms", "--itl", "5ms", "--tokens", 6)
    assert failed(Burst(stack, 80).answers()) == []
    for port in ports:
        assert state(port)["most_in_flight"] <= 3
        assert state(port)["received"] > 0
    assert waiting(stack) == 0
    assert counted(stack, "stoker_gateway_queue_wait_seconds_count", queue="m") == 80


def test_one_request_waits_for_two_turns_beside_a_flood(engines):
    stack, ports = engines(1, "--slots", 1, "--ttft", "100ms", "--itl", "1ms", "--tokens", 2)
    answers = []
    flood = [ask(stack, "flood", answers) for _ in range(40)]
    wait_for(lambda: waiting(stack) >= 30, "the flood waits")
    before = state(ports[0])["received"]
    one = ask(stack, "one", answers)
    one.join(60)
    # The one that runs, the one whose turn it is, its own, and what ran on until this was read.
    assert state(ports[0])["received"] - before <= 5
    finish(flood)
    assert all(answer.status == 200 for _, _, answer in answers)


def test_a_full_line_is_told_when_to_come_back(engines):
    stack, _ = engines(1, "--slots", 1, "--ttft", "3s", queue={"size": 2})
    answers = []
    threads = [ask(stack, f"client {i}", answers) for i in range(3)]
    wait_for(lambda: waiting(stack) == 2, "two wait")
    began = time.monotonic()
    answer = stack.complete()
    assert time.monotonic() - began < 1
    assert answer.status == 503 and answer.json["error"]["code"] == "overloaded"
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert counted(stack, "stoker_gateway_shed_requests_total", reason="queue_full") == 1
    finish(threads)
    assert all(answer.status == 200 for _, _, answer in answers)


def test_without_a_line_nobody_waits(engines):
    stack, _ = engines(1, "--slots", 1, "--ttft", "2s", queue={"size": 0})
    answers = []
    threads = [ask(stack, "first", answers)]
    wait_for(lambda: counted(stack, "stoker_gateway_requests_in_flight", route="completions") == 1, "one runs")
    assert stack.complete().status == 503
    finish(threads)
    assert answers[0][2].status == 200


def test_who_waits_too_long_is_told_so_and_a_stream_by_an_event(engines):
    stack, _ = engines(
        1, "--slots", 1, "--ttft", "8s", queue={"wait": "2s"}, gateway={"keep_alive_comments": "1s"})
    answers = []
    threads = [ask(stack, "first", answers)]
    wait_for(lambda: counted(stack, "stoker_gateway_requests_in_flight", route="completions") == 1, "one runs")
    threads.append(ask(stack, "second", answers))
    told = stream(stack.gateway_port, "third", headers={"authorization": "Bearer third"})
    assert told.status == 200 and len(told.keep_alives) >= 1 and not told.done
    assert told.errors[0]["code"] == "overloaded"
    threads[1].join(30)
    late = next(answer for client, _, answer in answers if client == "second")
    assert late.status == 503 and late.json["error"]["code"] == "overloaded" and "retry-after" in late.headers
    assert counted(stack, "stoker_gateway_shed_requests_total", reason="queue_timeout") == 2
    finish(threads)


def test_a_stream_that_waits_is_kept_alive_and_then_answered(engines):
    stack, _ = engines(1, "--slots", 1, "--ttft", "2500ms", gateway={"keep_alive_comments": "1s"})
    answers = []
    thread = ask(stack, "first", answers)
    wait_for(lambda: counted(stack, "stoker_gateway_requests_in_flight", route="completions") == 1, "one runs")
    told = stream(stack.gateway_port, "second")
    assert told.is_good and len(told.keep_alives) >= 2
    finish([thread])


def test_nobody_in_rotation_is_told_at_once_while_others_wait(engines):
    stack, _ = engines(1, "--slots", 1, "--ttft", "3s")
    answers = []
    threads = [ask(stack, f"client {i}", answers) for i in range(3)]
    wait_for(lambda: waiting(stack) == 2, "two wait")
    stack.cli("stop", "a")
    wait_for(lambda: stack.process("a")["state"] == "stopped", "it is stopped")
    began = time.monotonic()
    answer = stack.complete()
    assert time.monotonic() - began < 0.5
    assert answer.status == 503 and answer.json["error"]["code"] == "no_backend"
    stack.cli("start", "a")
    finish(threads)


def test_who_waits_survives_the_death_of_the_engine_and_its_restart(engines):
    stack, _ = engines(1, "--slots", 2, "--ttft", "500ms", "--tokens", 2)
    answers = []
    threads = [ask(stack, f"client {i}", answers) for i in range(14)]
    wait_for(lambda: waiting(stack) >= 10, "they wait")
    pid = stack.pid("a")
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not alive(pid), "the engine is dead")
    finish(threads)
    # Two were at the engine, and there was no other.
    assert sum(answer.status == 200 for _, _, answer in answers) >= 12
    assert waiting(stack) == 0


def test_who_waits_gets_the_slots_of_the_other_when_one_of_two_engines_dies(engines):
    stack, _ = engines(2, "--slots", 2, "--ttft", "300ms", "--tokens", 2)
    answers = []
    threads = [ask(stack, f"client {i}", answers) for i in range(24)]
    wait_for(lambda: waiting(stack) >= 12, "they wait")
    os.kill(stack.pid("a"), signal.SIGKILL)
    finish(threads)
    assert [answer.status for _, _, answer in answers] == [200] * 24


def test_500_who_wait_leave_at_once_and_nothing_is_left(engines):
    stack, ports = engines(1, "--slots", 1, "--ttft", "2s", queue={"size": 600})
    clients = []
    for number in range(500):
        client = socket.create_connection(("127.0.0.1", stack.gateway_port))
        client.sendall(request({"model": "m", "prompt": "x"}, headers={"authorization": f"Bearer {number}"}))
        clients.append(client)
    wait_for(lambda: waiting(stack) == 499, "they wait", 30)
    for client in clients:
        client.close()
    wait_for(lambda: waiting(stack) == 0, "nobody waits", 20)
    wait_for(lambda: counted(stack, "stoker_gateway_requests_in_flight", route="completions") == 0, "all ended")
    wait_for(lambda: state(ports[0])["in_flight"] == 0, "the engine has nothing to do")
    # The one that ran left first, so others may have had its slot for a moment.
    assert counted(stack, "stoker_gateway_client_disconnects_total") == 500
    assert counted(stack, "stoker_gateway_client_disconnects_total", phase="queued") >= 450
    assert state(ports[0])["received"] <= 50
    assert stack.complete().status == 200


def test_a_reload_with_more_slots_serves_those_who_wait(engines):
    stack, _ = engines(1, "--slots", 1, "--ttft", "1s", "--tokens", 1)
    stack.plan["processes"]["b"] = {**stack.plan["processes"]["a"], "port": free_port()}
    stack.plan["models"]["m"]["backends"] = ["a", "b"]
    stack.write()
    answers = []
    threads = [ask(stack, f"client {i}", answers) for i in range(8)]
    wait_for(lambda: waiting(stack) == 7, "seven wait")
    assert stack.cli("reload").returncode == 0
    finish(threads)
    assert all(answer.status == 200 for _, _, answer in answers)
    wait_for(lambda: stack.process("b")["state"] == "ready", "b is ready")
    assert state(stack.plan["processes"]["b"]["port"])["received"] >= 1


def test_tenfold_overload_is_over_when_it_is_over(engines):
    stack, ports = engines(2, "--slots", 2, "--ttft", "150ms", "--itl", "10ms", "--tokens", 5, queue={"size": 64})
    # Four slots, 0.2 s an answer: 20 a second; 16 are usual.
    crowd = Crowd(stack.gateway_port, patience=4, returns=1).run((3, 16), (8, 200), (14, 16))
    assert crowd.good(16, 24) >= 0.95 * 16
    assert crowd.good(5, 11) >= 0.8 * 16
    assert all(state(port)["most_in_flight"] <= 2 for port in ports)
    assert waiting(stack) == 0


def test_all_engines_down_and_up_again_with_hundreds_who_come_back(engines):
    stack, _ = engines(2, "--slots", 8, "--ttft", "100ms", "--itl", "5ms", "--tokens", 4)
    crowd = Crowd(stack.gateway_port, patience=20, returns=10).start((12, 40))
    time.sleep(3)
    for name in "ab":
        os.kill(stack.pid(name), signal.SIGKILL)
    crowd.join()
    assert sum(visit.is_good for visit in crowd.visits) >= 0.99 * len(crowd.visits)
    assert max(visit.ended - visit.came for visit in crowd.visits) < 15
