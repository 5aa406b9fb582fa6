"""Seams of real engines: streams whose llama.cpp is killed in the middle, judged by what its twin says when asked itself.

A real engine rounds prefill and decode differently, so a continued text need not be the unbroken one. What must hold:
what came before the seam is untouched, nothing is doubled or missing, and what follows is what the second engine answers
to the same prompt and prefix. How many are equal to the unbroken text is counted, not asked.
"""

import dataclasses
import os
import random
import signal

from processes import alive, wait_for
from stack import http
from streams import stream

TOKENS = 48
# Prompt caches would let the same question be computed in two ways.
EXACT = {"temperature": 0, "cache_prompt": False, "seed": 1}
TOPICS = ["the sea", "a lamp", "old trains", "winter", "bread", "a river in spring", "the number nine", "a quiet town"]


@dataclasses.dataclass
class Seam:
    """One stream that was struck, and the verdict."""

    prompt: str
    chat: bool
    killed_after: int
    before: str = ""
    after: str = ""
    direct: str = ""
    unbroken: str = ""
    broken_rules: list = dataclasses.field(default_factory=list)

    @property
    def is_equal_to_unbroken(self):
        return self.before + self.after == self.unbroken


def direct(port, prompt, chat, prefix="", tokens=TOKENS):
    """What an engine says when it is asked itself, to be continued behind `prefix`."""
    body = {"model": "gemma", "max_tokens": tokens, "stream": True, **EXACT}
    if chat:
        messages = [{"role": "user", "content": prompt}]
        answer = stream(
            port, chat=True, **body,
            messages=messages + ([{"role": "assistant", "content": prefix}] if prefix else []))
    else:
        answer = stream(port, prompt + prefix, **body)
    assert answer.is_whole, answer
    return answer


class Struck:
    """A stack with two llama.cpp engines for a model, the first of which serves and is killed time and again."""

    def __init__(self, stack, model, engines, seed=1):
        self.stack, self.model, self.engines = stack, model, engines
        self.chance = random.Random(seed)
        self.ports = {name: stack.plan["processes"][name]["port"] for name in engines}

    def round(self, chat):
        """One stream, one kill."""
        first, second = self.engines
        prompt = f"{self.chance.randint(2, 99)} sentences about {self.chance.choice(TOPICS)}:"
        seam = Seam(prompt, chat, self.chance.randint(1, TOKENS - 8))
        whole = direct(self.ports[second], prompt, chat)
        seam.unbroken = whole.text
        # A text that ends early is struck before its end.
        seam.killed_after = min(seam.killed_after, max(1, len([p for p in whole.pieces if p]) - 3))
        self.wait_for(first)
        pid, struck = self.stack.pid(first), []

        def strike(answer):
            if not struck and len([p for p in answer.pieces if p]) >= seam.killed_after:
                struck.append(pid)
                os.kill(pid, signal.SIGKILL)

        answer = stream(
            self.stack.gateway_port, prompt, chat=chat, enough=strike, model=self.model, max_tokens=TOKENS,
            stream_options={"include_usage": True}, timeout=120, **EXACT)
        self.judge(seam, answer, second)
        wait_for(lambda: not alive(pid), "the engine is dead")
        return seam

    def wait_for(self, name):
        """The engine is up again and gets requests."""
        wait_for(lambda: self.stack.process(name)["state"] == "ready", f"{name} is ready", 120)
        served = lambda: http(f"http://127.0.0.1:{self.ports[name]}/metrics")  # noqa: E731
        wait_for(lambda: (page := served()) and page.status == 200, f"{name} answers", 60)

        def is_first():
            before = counted(served().text)
            self.stack.complete("once", model=self.model, max_tokens=1)
            return counted(served().text) > before

        wait_for(is_first, f"{name} gets requests", 60)

    def judge(self, seam, answer, second):
        wrong = seam.broken_rules
        if not answer.is_good:
            wrong.append(f"not a good stream: {answer}")
            return
        if len(answer.seams) != 1:
            # The engine had said all before it died, or had not begun: no seam to judge.
            wrong.append(f"{len(answer.seams)} seams")
            return
        place = answer.seam_places[0]
        seam.before, seam.after = "".join(answer.pieces[:place]), "".join(answer.pieces[place:])
        said = len([p for p in answer.pieces[:place] if p])
        if not seam.unbroken.startswith(seam.before):
            wrong.append(f"before the seam {seam.before!r}, unbroken {seam.unbroken!r}")
        seam.direct = direct(self.ports[second], seam.prompt, seam.chat, seam.before, TOKENS - said).text
        if seam.after != seam.direct:
            wrong.append(f"behind the seam {seam.after!r}, asked itself {seam.direct!r}")
        if answer.usage and answer.usage[-1]["completion_tokens"] > TOKENS:
            wrong.append(f"usage says {answer.usage[-1]} of {TOKENS}")
        if len(answer.roles) != (1 if seam.chat else 0):
            wrong.append(f"{len(answer.roles)} roles")


def counted(page):
    """Tokens of prompts that an engine has read, by its own metrics."""
    return sum(float(x.split()[-1]) for x in page.splitlines() if x.startswith("llamacpp:prompt_tokens_total"))
