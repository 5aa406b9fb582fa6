"""What a backend or the way to it can do to a request before its first byte has gone to the client: nothing that shows.

The cases B1 to B12 of the fault matrix, against `stoker run` with two simulated engines, each behind a fault proxy.
"""

import pytest

from faultproxy import Fault, FaultProxy
from load import failed
from processes import wait_for
from simulators import PATIENT, Rig
from stack import Stack, http
from streams import Streams, stream

QUICK = ["--ttft", "20ms", "--itl", "5ms", "--tokens", "12"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One rig for all scenarios that leave it as they found it."""
    stacks = []

    def make(*arguments):
        stacks.append(Stack(tmp_path_factory.mktemp("s"), *arguments))
        return stacks[-1]

    made = Rig(make, *QUICK)
    yield made
    made.close()
    assert stacks[0].stop() == 0


@pytest.fixture
def calm(shared):
    """The shared rig, mended."""
    shared.mend()
    yield shared


def ask_all(rig, streams=8, unary=8):
    """A few of each kind, together and so at both backends; what went wrong with them."""
    under_way = Streams(rig.port, streams) if streams else None
    answers = [rig.ask(f"unary {i}") for i in range(unary)]
    streamed = under_way.answers() if under_way else []
    bad = [str(a) for a in streamed if not a.is_good or len(a.text.split()) != 12]
    return failed(answers) + bad


# Failures before the first good event

LIES = {
    "500": ("error", {"status": 500}),
    "502": ("error", {"status": 502}),
    "503": ("overload", {"status": 503}),
    "504": ("error", {"status": 504}),
    "429": ("overload", {"status": 429, "retry_after": 1}),
    "empty 200": ("empty", {}),
    "closed before the head": ("cut", {"after": 0}),
    "reset before the head": ("reset", {"after": 0}),
    "no HTTP": ("garbage", {}),
}
STREAM_LIES = {
    "an error object in a 200": ("error-event", {"after": 0}),
    "a page in HTML": ("html", {}),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_request_that_fails_before_its_first_byte_is_asked_elsewhere(calm, lie):
    name, keys = LIES[lie]
    before = calm.simulators["a"].received()
    calm.simulators["a"].fault(name, **keys)
    assert ask_all(calm) == []
    assert calm.simulators["a"].received() > before, "the bad backend was asked"


@pytest.mark.parametrize("lie", STREAM_LIES)
def test_a_stream_that_begins_with_anything_but_an_event_is_asked_elsewhere(calm, lie):
    name, keys = STREAM_LIES[lie]
    before = calm.simulators["a"].received()
    calm.simulators["a"].fault(name, **keys)
    assert ask_all(calm, unary=0) == []
    assert calm.simulators["a"].received() > before


@pytest.mark.parametrize("chat", [False, True], ids=["completions", "chat"])
@pytest.mark.parametrize(
    "place", [{"byte": 0}, {"byte": 9}, {"byte": 60}, {"events": 0}],
    ids=["before the status", "in the status", "in the head", "behind the head"])
@pytest.mark.parametrize("kind", ["reset", "cut", "half_close"])
def test_a_stream_that_breaks_before_its_first_event_is_asked_elsewhere(calm, kind, place, chat):
    fault = calm.inject(Fault(kind, times=1, **place))
    answer = stream(calm.port, "early", chat=chat)
    assert answer.is_good and not answer.seams, answer
    assert fault.hits == 1
    assert answer.text == stream(calm.simulators["b"].port, "early", chat=chat).text


@pytest.mark.parametrize("kind", ["reset", "cut"])
@pytest.mark.parametrize("byte", [0, 40, 200], ids=["before the status", "in the head", "in the body"])
def test_a_unary_answer_that_breaks_anywhere_is_asked_elsewhere(calm, kind, byte):
    fault = calm.inject(Fault(kind, byte=byte, times=1))
    assert failed([calm.ask("broken")]) == []
    assert fault.hits == 1


def test_a_length_that_is_a_lie_is_no_answer(calm):
    calm.simulators["a"].fault("long-length", bytes=5)
    assert failed([calm.ask(f"long {i}") for i in range(6)]) == []


def test_500_is_retried_once_and_the_last_answer_is_the_engines_own(calm):
    calm.fault("error", status=500)
    before = sum(calm.received().values())
    for answer in (calm.ask("bad"), stream(calm.port, "bad")):
        assert answer.status == 500
    assert b"stoker" not in answer.body.lower() and b"error" in answer.body
    assert sum(calm.received().values()) - before == 4, "two attempts each"


def test_a_request_that_the_engine_refuses_as_wrong_is_not_retried(calm):
    calm.fault("error", status=400)
    before = sum(calm.received().values())
    assert calm.ask("wrong").status == 400
    assert stream(calm.port, "wrong").status == 400
    assert sum(calm.received().values()) - before == 2


@pytest.mark.parametrize("status", [429, 503])
def test_back_pressure_of_all_reaches_the_client_with_its_retry_after(calm, status):
    calm.fault("overload", status=status, retry_after=7)
    for answer in (calm.ask("busy"), stream(calm.port, "busy")):
        assert answer.status == status and answer.headers["retry-after"] == "7"


# B1 to B12


def test_b1_a_refused_connection_costs_nothing_and_the_backend_leaves_at_once(calm):
    calm.inject(Fault("refuse"), "a")
    calm.proxies["a"].reset_open()
    before = calm.metric("stoker_gateway_upstream_errors_total", backend="a", reason="connect")
    assert failed([calm.ask(f"refused {i}") for i in range(20)]) == []
    refusals = calm.metric("stoker_gateway_upstream_errors_total", backend="a", reason="connect") - before
    assert 1 <= refusals <= 2, "one failure is enough"
    assert ask_all(calm) == []


def test_b2_a_black_hole_costs_the_connect_deadline_and_is_left_after_two(rig):
    made = rig(*QUICK, deadlines={**PATIENT, "connect": "300ms"})
    made.inject(Fault("blackhole"), "a")
    assert failed([made.ask(f"hole {i}") for i in range(20)]) == []
    timeouts = made.metric("stoker_gateway_upstream_errors_total", backend="a", reason="timeout_connect")
    assert 1 <= timeouts <= 2
    made.mend()


def test_b3_a_backend_that_accepts_and_never_answers_is_left(rig):
    made = rig(*QUICK, deadlines={"connect": "1s", "first_token": "2s", "stall": "1s"})
    silence = made.inject(Fault("stall"), "a")
    assert ask_all(made) == []
    assert silence.hits >= 1
    # It has proven itself silent: it is not asked with every second request.
    known = silence.hits
    assert failed([made.ask(f"after {i}") for i in range(20)]) == []
    assert silence.hits - known <= 5


def test_silence_of_all_is_a_504_that_names_the_backend(rig):
    made = rig(*QUICK, deadlines={"connect": "1s", "first_token": "1s", "stall": "1s", "answer": "1s"})
    made.inject(Fault("stall"))
    for answer in (made.ask("silent"), stream(made.port, "silent")):
        assert answer.status == 504
    assert b'"code":"backend_timeout"' in answer.body and b"backend" in answer.body
    wait_for(lambda: made.proxies["a"].open + made.proxies["b"].open == 0, "no connection is left hanging")


def test_b4_a_peer_that_vanished_leaves_no_connection_behind(rig):
    made = rig(*QUICK, deadlines={**PATIENT, "stall": "1s"})
    made.inject(Fault("stall", events=3), "a")
    answers = Streams(made.port, 20).answers()
    assert [str(a) for a in answers if not a.is_good] == []
    wait_for(lambda: made.simulators["a"].in_flight() == 0, "the engine is told to stop")
    # What was silent is not kept for the next request.
    before = made.proxies["a"].accepted
    made.proxies["a"].clear()
    made.mend()
    assert made.proxies["a"].accepted > before


@pytest.mark.parametrize("streams", [0, 20], ids=["unary", "streams"])
def test_b5_a_reset_before_the_status_is_replayed(calm, streams):
    fault = calm.inject(Fault("reset"), "a")
    assert ask_all(calm, streams=streams, unary=20 - streams) == []
    assert fault.hits >= 1


def test_b9_an_empty_stream_of_all_is_an_error_and_no_empty_200(calm):
    calm.fault("empty")
    answer = stream(calm.port, "nothing")
    assert answer.status == 502 and b'"code":"backend_failed"' in answer.body


@pytest.mark.parametrize("chat", [False, True], ids=["completions", "chat"])
def test_b9_an_answer_without_its_end_mark_gets_one(calm, chat):
    calm.simulators["a"].fault("no-done")
    expected = stream(calm.simulators["b"].port, "end", chat=chat).text
    for _ in range(4):
        answer = stream(calm.port, "end", chat=chat)
        assert answer.is_good and answer.text == expected, answer


def test_b10_500_on_a_fifth_is_retried_within_bounds_and_the_backend_stays(calm):
    calm.simulators["a"].fault("error", status=500, every=5)
    before, retries = calm.simulators["a"].received(), calm.metric("stoker_gateway_retries_total")
    assert failed([calm.ask(f"fifth {i}") for i in range(100)]) == []
    # A fifth of half the requests; a retry at b moves the turn, so that a gets a little more than half.
    assert 1 <= calm.metric("stoker_gateway_retries_total") - retries <= 12
    assert calm.simulators["a"].received() - before >= 40, "it flaps in no breaker"
    assert calm.metric("stoker_gateway_upstream_requests_total", backend="a", code="500") >= 1, "and the truth is told"


def test_b11_back_pressure_ejects_nobody(calm):
    calm.simulators["a"].fault("overload", status=503, retry_after=1, every=2)
    before = calm.simulators["a"].received()
    assert failed([calm.ask(f"busy {i}") for i in range(40)]) == []
    assert calm.simulators["a"].received() - before >= 15


def test_b12_a_slow_backend_is_not_ejected(calm):
    calm.inject(Fault("latency", delay=0.2), "a")
    before = calm.simulators["a"].received()
    assert ask_all(calm) == []
    assert calm.simulators["a"].received() > before
    assert calm.metric("stoker_gateway_backend_up", backend="a") == 1


# B18 to B20: health that lies


def health(path, **keys):
    """Probes that ask a simulator past its proxy."""

    def make(simulator):
        probe = {"http": f"{simulator.url}{path}", "interval": "200ms", "timeout": "300ms", "failures": 2, **keys}
        return {"startup": {**probe, "http": f"{simulator.url}/ping"}, "readiness": probe}

    return make


def test_b18_an_engine_whose_health_hangs_while_it_serves_stays(rig):
    made = rig(*QUICK, names="a", probes=health("/health"))
    made.simulators["a"].fault("slow-health", delay="30s")
    # Longer than the probes need to condemn it: tokens that move are better evidence.
    for _ in range(5):
        assert ask_all(made, streams=8, unary=8) == []


def test_b19_an_engine_that_says_200_and_serves_nothing_leaves(rig):
    made = rig(*QUICK, deadlines={"connect": "1s", "first_token": "2s", "stall": "1s"}, probes=health("/health"))
    made.simulators["a"].fault("hang")
    assert ask_all(made) == []
    before = made.simulators["a"].received()
    assert failed([made.ask(f"after {i}") for i in range(20)]) == []
    assert made.simulators["a"].received() - before <= 5


def test_b20_probes_that_answer_too_late_pile_up_nowhere_and_mean_nothing(rig, request):
    late = []

    def probes(simulator):
        late.append(FaultProxy(simulator.port))
        request.addfinalizer(late[-1].close)
        made = health("/ping", timeout="200ms", interval="100ms", failures=1)(simulator)
        return {**made, "readiness": {**made["readiness"], "http": f"http://127.0.0.1:{late[-1].port}/ping"}}

    made = rig(*QUICK, names="a", probes=probes)
    slow = late[0].inject(Fault("latency", delay=0.5, match=b"GET "))
    wait_for(lambda: made.stack.process("a")["state"] == "unready", "the probe fails")
    late[0].most_open = 0
    # The answers come, each after its own deadline, and change nothing.
    known = slow.hits
    wait_for(lambda: slow.hits >= known + 8, "eight more probes")
    assert made.stack.process("a")["state"] == "unready"
    # One that is asked, and one that is being closed.
    assert late[0].most_open <= 2


# The client's side


def test_b21_a_client_that_leaves_wastes_few_tokens(rig):
    made = rig("--ttft", "20ms", "--itl", "100ms", "--tokens", "1000")
    for _ in range(4):
        assert len(stream(made.port, "leaving", enough=lambda a: len(a.events) >= 3).events) >= 3
    wait_for(lambda: sum(s.aborted() for s in made.simulators.values()) == 4, "all four are aborted")
    ended = [r for s in made.simulators.values() for r in s.last(10)]
    assert max(r["tokens"] for r in ended) <= 3 + 5


def test_b24_a_connection_that_closes_just_as_it_is_used_again_is_replayed(calm):
    assert ask_all(calm) == []
    fault = calm.inject(Fault("cut", reused=True))
    retries = calm.metric("stoker_gateway_retries_total")
    assert failed([calm.ask(f"again {i}") for i in range(10)]) == []
    assert fault.hits >= 5, "connections are kept, and were cut"
    assert calm.metric("stoker_gateway_retries_total") == retries, "no failure of anybody"


def test_b25_an_early_refusal_while_the_body_still_comes(calm):
    early = (b"HTTP/1.1 413 X\r\ncontent-type: application/json\r\ncontent-length: 31\r\nconnection: close\r\n\r\n"
             b'{"error":{"message":"too big"}}')
    calm.inject(Fault("answer", payload=early))
    answer = calm.ask("x" * (4 << 20))
    assert answer is not None and answer.status == 413
    calm.mend()
    assert http(f"{calm.stack.gateway}/v1/models").status == 200
