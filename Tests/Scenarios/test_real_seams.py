"""Streams of a real llama.cpp that is killed at a random moment; `benchmarks/seams.py` does the same a hundred times."""

import pytest

from real import MODEL, first_and_standby, quickstart
from struck import Struck

ROUNDS = 5


@pytest.mark.parametrize("chat", [False, True], ids=["completions", "chat"])
def test_a_killed_llama_cpp_is_continued_by_its_twin_as_if_asked_itself(stack, chat):
    assert MODEL.exists(), "the model is missing: make engine"
    made = quickstart(stack, "quickstart.yaml", first_and_standby)
    made.start().ready(timeout=120)
    struck = Struck(made, "gemma", ["llama-a", "llama-b"], seed=7 if chat else 5)
    seams = [struck.round(chat) for _ in range(ROUNDS)]
    assert [seam for seam in seams if seam.broken_rules] == []
    equal = sum(seam.is_equal_to_unbroken for seam in seams)
    print(f"{equal} of {len(seams)} are equal to the unbroken text")
