"""The quickstart as README shows it: two real llama.cpp engines, the knowledge service, the official client."""

import openai
import pytest

from load import Burst, failed
from processes import wait_for
from real import MODEL, quickstart
from stack import http


@pytest.fixture
def real(stack):
    assert MODEL.exists(), "the model is missing: make engine"
    made = quickstart(stack, "quickstart.yaml")
    return made.start().ready(timeout=120)


def model_of(stack):
    return next(iter(stack.plan["models"]))


def test_the_openai_client_is_answered_by_either_engine_whichever_dies(real):
    client = openai.OpenAI(base_url=f"{real.gateway}/v1", api_key="none", timeout=60, max_retries=0)
    model = model_of(real)
    assert model in [m.id for m in client.models.list()]
    question = [{"role": "user", "content": "What is the capital of France?"}]

    def ask():
        done = client.chat.completions.create(
            model=model, messages=question, max_tokens=16, temperature=0, stop="\n")
        return done.choices[0].message.content

    def ask_streamed():
        chunks = client.chat.completions.create(
            model=model, messages=question, max_tokens=16, temperature=0, stop="\n", stream=True)
        return "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)

    answer = ask()
    assert "Paris" in answer
    assert ask_streamed() == answer
    engines = [p["name"] for p in real.status()["processes"] if p.get("engine") == "llama.cpp"]
    assert len(engines) == 2
    for name in engines:
        real.kill(name)
        assert ask() == answer and ask_streamed() == answer
        real.ready(timeout=60)


def test_kill_of_a_real_engine_fails_none_of_100_requests_in_flight(real):
    engines = [p["name"] for p in real.status()["processes"] if p.get("engine") == "llama.cpp"]
    burst = Burst(real, 100, model=model_of(real), timeout=150, max_tokens=12, temperature=0)
    counted = lambda: [x for x in http(f"{real.admin}/metrics").text.splitlines() if "in_flight" in x]  # noqa: E731
    wait_for(lambda: sum(float(x.split()[-1]) for x in counted() if x[0] != "#") >= 100, "100 in flight")
    real.kill(engines[0])
    assert failed(burst.answers(180)) == []
    real.ready(timeout=60)


def test_the_knowledge_service_knows_its_corpus(real):
    service = next(p for p in real.status()["processes"] if p["kind"] == "knowledge")
    address = service["address"]
    base = address if address.startswith("http") else f"http://{address}"
    found = http(f"{base}/v1/search?q=kill+engine&k=3")
    assert found.status == 200 and found.json["results"], found.text


def test_the_simulator_stands_in_and_says_so(stack):
    made = quickstart(stack, "simulator.yaml").start().ready()
    answer = made.complete("hello", model=model_of(made), max_tokens=8)
    assert answer.status == 200
    assert "simulat" in answer.text.lower()
