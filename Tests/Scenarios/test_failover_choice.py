"""Which backend a request goes to, and how one leaves the rotation and comes back: docs/failover.md, with real processes."""

import time

from faultproxy import Fault
from load import Burst, failed
from processes import wait_for
from simulators import metric
from stack import QUICK as PROBES
from stack import STOKER, free_port, http

QUICK = ["--ttft", "5ms", "--itl", "2ms", "--tokens", "4"]


def asked_until(rig, end):
    """Asks without a pause until then; what went wrong."""
    answers = []
    while time.monotonic() < end:
        answers.append(rig.ask(f"request {len(answers)}"))
    return failed(answers)


def gained(before, after):
    return {name: after[name] - before[name] for name in before}


def test_a_flapping_backend_leaves_once_or_twice_and_costs_no_request(rig):
    made = rig(*QUICK)
    proxy, begin, bad = made.proxies["a"], time.monotonic(), []
    for second in range(20):
        if second % 2:
            made.inject(Fault("refuse"), "a")
            proxy.reset_open()
        else:
            proxy.clear()
        bad += asked_until(made, begin + second + 1)
    assert bad == []
    # Each leaves and comes back again. At ten a second of up and down nobody would count them.
    left = made.metric("stoker_gateway_ejections_total", backend="a")
    assert 1 <= left <= 3
    proxy.clear()
    wait_for(lambda: made.metric("stoker_gateway_backend_up", backend="a") == 1, "it is well, and back", 40)


def test_five_bad_answers_eject_a_backend_only_while_another_serves(rig):
    made = rig(*QUICK)
    made.simulators["a"].fault("error", status=500)
    assert failed([made.ask(f"request {i}") for i in range(24)]) == []
    assert made.simulators["a"].received() == 5
    assert made.metric("stoker_gateway_ejections_total", backend="a", reason="http_5xx") == 1
    out = made.stack.wait_event("backend.out", "a")
    assert "bad answers in a row: 5" in out["evidence"]

    made.simulators["b"].fault("error", status=500)
    answers = [made.ask(f"more {i}") for i in range(12)]
    assert {a.status for a in answers} == {500}
    assert made.metric("stoker_gateway_ejections_total", backend="b") == 0
    assert made.metric("stoker_gateway_ejections_denied_total", backend="b") > 0
    assert any("panic" in remark for remark in made.stack.status()["models"][0]["remarks"])
    assert "panic" in made.stack.cli("status").stdout

    made.simulators["b"].clear()
    assert failed([made.ask("good again")]) == []
    made.simulators["a"].clear()
    wait_for(lambda: made.ask("trial") and made.metric("stoker_gateway_backend_up", backend="a") == 1,
             "one good answer brings it back", 30)


def test_with_one_of_three_alive_the_dead_get_nothing_but_questions(rig):
    made = rig(*QUICK, names="abc")
    for name in "bc":
        made.inject(Fault("refuse"), name)
        made.proxies[name].reset_open()
    wait_for(lambda: made.ask("is out") and made.metric("stoker_gateway_backend_up") == 1, "two of three are out", 10)

    def errors():
        return [made.metric("stoker_gateway_upstream_errors_total", backend=name) for name in "bc"]

    before = errors()
    assert failed([made.ask(f"request {i}") for i in range(100)]) == []
    assert errors() == before


def test_requests_that_begin_alike_meet_at_one_backend(rig):
    made = rig(*QUICK, names="abc", affinity="prefix")
    homes = set()
    for number in range(10):
        beginning, before = f"{number} " + "x" * 1100, made.received()
        assert failed([made.ask(f"{beginning} {i}") for i in range(4)]) == []
        came = gained(before, made.received())
        assert sorted(came.values()) == [0, 0, 4], f"{number}: {came}"
        homes |= {name for name, count in came.items() if count}
    assert len(homes) > 1


def test_one_prefix_of_all_is_no_more_than_a_quarter_above_the_mean(rig):
    made = rig("--ttft", "6s", "--tokens", "2", names="abc", affinity="prefix")
    assert failed(Burst(made.stack, 60, prompt="x" * 2000).answers()) == []
    # 25 is 1.25 times a third; two loops that choose at the same moment do not see each other.
    assert max(made.received().values()) <= 27
    assert sum(made.received().values()) == 60


def test_no_more_than_the_slots_while_the_standby_has_room(stack):
    ports = free_port(), free_port()

    def simulated(port, *flags):
        command = [STOKER, "simulate", "--model", "m", "--listen", "127.0.0.1:${PORT}", "--ttft", "4s", *flags]
        return {"engine": "simulator", "command": command, "port": port, **PROBES}

    made = stack({"a": simulated(ports[0], "--slots", "2"), "spare": simulated(ports[1])},
                 {"m": {"backends": ["a"], "standby": ["spare"]}}).start().ready()
    assert failed(Burst(made, 8).answers()) == []

    def received(port):
        return http(f"http://127.0.0.1:{port}/simulator/state").json["requests"]["received"]

    # As above, for two loops.
    assert 2 <= received(ports[0]) <= 3
    assert received(ports[0]) + received(ports[1]) == 8


def test_one_that_comes_back_begins_with_a_tenth_and_has_all_of_it_by_its_work(rig):
    made = rig(*QUICK)
    made.inject(Fault("reset", byte=0, times=1), "a")
    wait_for(lambda: made.ask("hello") and made.metric("stoker_gateway_ejections_total", backend="a") == 1, "a is out")
    wait_for(lambda: made.metric("stoker_gateway_backend_up", backend="a") == 1, "a is back")

    def share():
        return metric(http(f"{made.stack.admin}/metrics").text, "stoker_gateway_backend_share_ratio", backend="a")

    assert 0 < share() < 0.5
    before = made.received()
    assert failed([made.ask(f"request {i}") for i in range(40)]) == []
    came = gained(before, made.received())
    assert 0 < came["a"] < came["b"], "each tenth, and not half"
    wait_for(lambda: made.ask("x" * 9000) and share() == 1, "2000 tokens and it is warm", 20)
