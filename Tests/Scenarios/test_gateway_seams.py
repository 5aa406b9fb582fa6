"""Streams that break after their first byte: continued elsewhere as if nothing had been, or ended with an error.

The simulator says the same whoever is asked and continues its own text after any character, so a stream with a seam
must be the unbroken one, character for character.
"""

import re

import pytest

from faultproxy import Fault
from simulators import PATIENT, PlainEngine, Rig
from stack import Stack
from streams import Streams, stream

QUICK = ["--ttft", "20ms", "--itl", "5ms", "--tokens", "12"]
SEAM = re.compile(r"stoker: continued on [ab] after \w+")
OFF = {"x-stoker-continuation": "off"}
BOTH = pytest.mark.parametrize("chat", [False, True], ids=["completions", "chat"])


# SGLang's is vLLM's.
@pytest.fixture(scope="module", params=["vllm", "llama.cpp"])
def dialect(request):
    return request.param


@pytest.fixture(scope="module")
def shared(tmp_path_factory, dialect):
    """One rig a dialect for all scenarios that leave it as they found it."""
    stacks = []

    def make(*arguments):
        stacks.append(Stack(tmp_path_factory.mktemp("s"), *arguments))
        return stacks[-1]

    made = Rig(make, *QUICK, engine=dialect, deadlines={**PATIENT, "stall": "2s"}, seams=2)
    yield made
    made.close()
    assert stacks[0].stop() == 0


@pytest.fixture
def calm(shared):
    shared.mend()
    yield shared


def unbroken(rig, prompt, **fields):
    """What an engine says when nothing comes between."""
    answer = stream(rig.simulators["a"].port, prompt, **fields)
    assert answer.is_good, answer
    return answer


def check(answer, expected, seams=1):
    """A continued stream: nothing doubled, nothing missing, one beginning, one end, and it says what happened."""
    assert answer.is_good, answer
    assert answer.text == expected.text
    assert answer.roles == expected.roles
    assert answer.finish == expected.finish
    assert answer.usage == expected.usage
    assert len(answer.seams) == seams and all(SEAM.fullmatch(s) for s in answer.seams), answer.comments


def check_broken(answer, expected):
    """A stream that could not be saved: what came is right, then one error with a code, and no proper end."""
    assert answer.status == 200 and not answer.is_whole and answer.done == 0, answer
    assert expected.text.startswith(answer.text) and not answer.seams
    assert len(answer.errors) == 1 and "error" in answer.payloads[-1], answer
    assert answer.errors[0]["code"] and answer.errors[0]["message"]


# What breaks

BREAKS = {
    "reset": Fault("reset", events=5, times=1),
    "end of the connection": Fault("cut", events=5, times=1),
    "silence": Fault("stall", events=5, times=1),
    "half close": Fault("half_close", events=5, times=1),
    "broken framing": Fault("corrupt", events=5, length=4, times=1),
}


@BOTH
@pytest.mark.parametrize("kind", BREAKS)
def test_a_broken_stream_is_continued_elsewhere(calm, kind, chat):
    expected = unbroken(calm, "broken", chat=chat, stream_options={"include_usage": True})
    before = calm.metric("stoker_gateway_seams_total") or 0
    fault = calm.inject(Fault(**{**vars(BREAKS[kind]), "hits": 0}))
    answer = stream(calm.port, "broken", chat=chat, stream_options={"include_usage": True})
    assert fault.hits == 1
    check(answer, expected)
    assert calm.metric("stoker_gateway_seams_total") == before + 1


@BOTH
@pytest.mark.parametrize("name", ["error-event", "no-done", "cut", "reset"])
def test_an_engine_that_fails_within_its_stream_is_replaced(calm, name, chat):
    expected = unbroken(calm, "failing", chat=chat)
    # The other backend is sound. Each of the gateway's loops takes turns by itself: of four requests one meets the fault.
    retries = calm.metric("stoker_gateway_retries_total") or 0
    calm.simulators["a"].fault(name, times=1, **({} if name == "no-done" else {"after": 4}))
    answers = [stream(calm.port, "failing", chat=chat) for _ in range(4)]
    assert [a.text for a in answers] == [expected.text] * 4
    assert all(a.is_good for a in answers), answers
    # A reset throws away what was not read yet: on a starved machine the client had nothing, and another is asked anew.
    seams, retries = sum(len(a.seams) for a in answers), calm.metric("stoker_gateway_retries_total") - retries
    assert seams == 1 or (name == "reset" and seams == 0 and retries == 1)


@BOTH
def test_a_seam_may_be_anywhere(calm, chat):
    expected = unbroken(calm, "anywhere", chat=chat)
    # About what the head takes and what the answer takes, chunks included: the last places lie behind its end.
    length = 150 + len(expected.body) + 8 * len(expected.events)
    places = range(0, length, max(1, length // 25))
    broken = 0
    for byte in places:
        calm.mend() if byte % 5 == 0 else [proxy.clear() for proxy in calm.proxies.values()]
        fault = calm.inject(Fault("reset", byte=byte, times=1))
        answer = stream(calm.port, "anywhere", chat=chat)
        assert answer.is_good and answer.text == expected.text and answer.roles == expected.roles, (byte, answer)
        assert len(answer.seams) <= 1
        broken += len(answer.seams)
    assert broken >= 15, "most places are within the text"


def test_a_seam_keeps_to_max_tokens(calm):
    fields = {"max_tokens": 7, "stream_options": {"include_usage": True}}
    expected = unbroken(calm, "limited", **fields)
    assert expected.finish == ["length"]
    calm.inject(Fault("reset", events=4, times=1))
    check(stream(calm.port, "limited", **fields), expected)


def test_a_stream_with_all_its_tokens_and_no_end_gets_its_end(calm):
    fields = {"max_tokens": 7}
    expected = unbroken(calm, "limited", **fields)
    places = len(expected.events) - 1
    for events in (places - 1, places):
        calm.inject(Fault("cut", events=events, times=1))
        answer = stream(calm.port, "limited", **fields)
        assert answer.is_good and answer.text == expected.text and answer.finish == ["length"], (events, answer)


def test_streams_that_break_together_are_all_continued(calm):
    answers = {f"stream {i}": unbroken(calm, f"stream {i}").text for i in range(20)}
    calm.inject(Fault("reset", events=6), "a")
    continued = Streams(calm.port, 20).answers()
    assert [a for a in continued if not a.is_good] == []
    assert [a.text for a in continued] == list(answers.values())


def test_what_is_sliced_and_slow_is_not_broken(calm):
    expected = unbroken(calm, "sliced")
    calm.inject(Fault("slice", size=1))
    answer = stream(calm.port, "sliced")
    assert answer.is_good and answer.text == expected.text and not answer.seams


# How often


def test_three_backends_and_two_seams(rig):
    made = rig(*QUICK, names="abc", seams=2)
    expected = unbroken(made, "twice")
    made.inject(Fault("reset", events=4, times=2))
    answer = stream(made.port, "twice")
    assert answer.is_good and answer.text == expected.text and len(answer.seams) == 2, answer


def test_no_more_seams_than_the_config_allows(rig):
    made = rig(*QUICK, names="abc", seams=1)
    expected = unbroken(made, "often")
    made.inject(Fault("reset", events=3))
    answer = stream(made.port, "often")
    assert len(answer.seams) == 1 and len(answer.errors) == 1 and answer.errors[0]["code"], answer
    assert not answer.is_whole and answer.done == 0 and expected.text.startswith(answer.text)


def test_the_only_backend_may_be_asked_again_or_the_stream_ends_with_an_error(rig):
    made = rig(*QUICK, names="a")
    expected = unbroken(made, "alone")
    made.inject(Fault("reset", events=4, times=1))
    answer = stream(made.port, "alone")
    if not (answer.is_good and answer.text == expected.text):
        check_broken(answer, expected)


# What is not continued

ODD = {
    "opt-out": {},
    "tools": {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]},
    "functions": {"functions": [{"name": "f", "parameters": {"type": "object"}}]},
    "JSON": {"response_format": {"type": "json_object"}},
    "JSON schema": {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}},
    "logprobs": {"logprobs": True},
    "guided decoding": {"guided_json": {"type": "object"}},
}


@pytest.mark.parametrize("kind", ["reset", "cut", "stall"])
@pytest.mark.parametrize("odd", ODD)
def test_what_cannot_be_continued_ends_with_an_error(calm, odd, kind):
    fields = {"chat": True, **ODD[odd]}
    expected = unbroken(calm, "odd", **fields)
    before = calm.metric("stoker_gateway_seams_total") or 0
    calm.inject(Fault(kind, events=5, times=1))
    check_broken(stream(calm.port, "odd", headers=OFF if odd == "opt-out" else {}, **fields), expected)
    assert (calm.metric("stoker_gateway_seams_total") or 0) == before


def test_several_answers_at_once_are_not_continued(rig):
    made = rig(servers={name: PlainEngine("--events", "12", "--gap", "0.01") for name in "ab"}, engine="vllm")
    made.inject(Fault("reset", events=5, times=1))
    answer = stream(made.port, "several", n=2)
    assert not answer.is_whole and answer.done == 0 and len(answer.errors) == 1 and not answer.seams, answer


@BOTH
def test_an_engine_that_cannot_continue_a_chat_is_not_asked_to(rig, chat):
    made = rig(*QUICK, engine="ollama")
    expected = unbroken(made, "ollama", chat=chat)
    fault = made.inject(Fault("reset", events=5, times=1))
    answer = stream(made.port, "ollama", chat=chat)
    assert fault.hits == 1
    # A prompt can be lengthened anywhere; whether it is, is the gateway's business.
    if chat or not answer.is_good:
        check_broken(answer, expected)
    else:
        check(answer, expected)


def test_an_open_reasoning_block_is_not_continued(rig):
    made = rig(*QUICK, "--reasoning", "10")
    fault = made.inject(Fault("reset", events=4, times=1))
    answer = stream(made.port, "thinking", chat=True)
    assert fault.hits == 1 and answer.text == ""
    assert not answer.is_whole and answer.done == 0 and len(answer.errors) == 1 and not answer.seams, answer


def test_b27_a_continuation_that_does_not_fit_is_never_silent(rig):
    made = rig(*QUICK)
    expected = unbroken(made, "diverging").text
    made.inject(Fault("reset", events=5), "a")
    made.simulators["b"].fault("diverge")
    for answer in [stream(made.port, "diverging") for _ in range(2)]:
        if answer.seams:
            before = "".join(answer.pieces[:answer.seam_places[0]])
            assert before and expected.startswith(before), "what came before the seam is untouched"
        else:
            assert answer.is_good or len(answer.errors) == 1, "b alone, and as it is; or an end with an error"


def test_b7_the_engine_that_fell_silent_is_told_to_stop(rig):
    made = rig("--ttft", "20ms", "--itl", "50ms", "--tokens", "400", deadlines={**PATIENT, "stall": "1s"})
    made.inject(Fault("stall", events=5, times=1))
    answer = stream(made.port, "silent", headers=OFF)
    assert len(answer.errors) == 1 and not answer.is_whole
    stopped = [r for s in made.simulators.values() for r in s.last(5)]
    assert [r["outcome"] for r in stopped] == ["abort"] and stopped[0]["tokens"] < 400


# While nothing comes


def test_keep_alive_comments_come_until_the_first_event(rig):
    made = rig("--ttft", "3500ms", "--itl", "5ms", "--tokens", "6", gateway={"keep_alive_comments": "1s"})
    answer = stream(made.port, "long prefill", chat=True)
    assert answer.is_good and len(answer.keep_alives) >= 2, answer
    assert answer.first_byte < answer.arrivals[0]
    assert answer.text == unbroken(made, "long prefill", chat=True).text
    unary = made.ask("unary")
    assert unary.status == 200 and b"keep-alive" not in unary.body


def test_a_failure_behind_keep_alive_comments_is_still_retried(rig):
    made = rig("--ttft", "2500ms", "--itl", "5ms", "--tokens", "6", gateway={"keep_alive_comments": "1s"})
    # It comes where the first event should have come.
    made.simulators["a"].fault("cut", after=0, times=1)
    answers = Streams(made.port, 2, chat=True).answers()
    assert [a for a in answers if not a.is_good or a.seams or not a.keep_alives] == []
    assert sum(made.received().values()) == 3, "one was asked twice"
    assert max(len(a.keep_alives) for a in answers) >= 4


def test_when_all_fail_behind_keep_alive_comments_the_error_is_an_event(rig):
    made = rig("--ttft", "2500ms", "--tokens", "6", gateway={"keep_alive_comments": "1s"})
    made.fault("cut", after=0)
    answer = stream(made.port, "lost")
    assert answer.status == 200 and answer.keep_alives and len(answer.errors) == 1 and answer.errors[0]["code"], answer
    assert not answer.is_whole and answer.done == 0
