#!/usr/bin/env python3
"""Prompt tokens that a real llama.cpp finds in its cache, with prefix affinity and without, in one run.

Engines behind one model, and conversations, each with a long beginning of its own, whose turns come mixed. Their caches
hold what their slots hold (`--cache-ram 0`): all beginnings fit into all caches together, and not into each, as it is
with real models in GPU memory. The engines' own count of cached prompt tokens is added up, and how the requests were
dealt. `make engine` brings what it needs: .venv/bin/python benchmarks/affinity.py
"""

import argparse
import concurrent.futures
import copy
import os
import random
import sys
import tempfile

from measuring import ROOT

os.environ.setdefault("STOKER_PROGRAMS", ".build/release")
sys.path.insert(0, str(ROOT / "Tests/Scenarios"))

from processes import descendants, end  # noqa: E402
from real import MODEL, quickstart  # noqa: E402
from simulators import metric  # noqa: E402
from stack import Stack, http  # noqa: E402

WORDS = "river stone lamp paper cloud engine garden window silver morning table forest bridge letter copper".split()


def engines(affinity, options):
    """So many of the quickstart's engine as backends, and nothing beside."""
    def change(plan):
        first = plan["processes"]["llama-a"]
        first.pop("start_after", None)
        first["command"] += ["--cache-ram", "0", "--threads", "1"]
        first["command"] += ["--parallel", str(options.slots), "--ctx-size", str(1024 * options.slots)]
        plan["processes"] = {f"llama-{number}": copy.deepcopy(first) for number in range(options.engines)}
        plan["models"] = {"gemma": {
            **plan["models"]["gemma"], "backends": list(plan["processes"]), "affinity": affinity}}
    return change


def requests(conversations, turns, seed):
    """Every conversation's turns in order, the conversations mixed."""
    random_words = random.Random(seed)
    beginnings = [" ".join(random_words.choices(WORDS, k=250)) for _ in range(conversations)]
    order = [number for number in range(conversations) for _ in range(turns)]
    random_words.shuffle(order)
    seen = [0] * conversations
    for number in order:
        seen[number] += 1
        yield {
            "model": "gemma", "max_tokens": 4, "temperature": 0,
            "messages": [
                {"role": "system", "content": beginnings[number]},
                {"role": "user", "content": f"Question {seen[number]}: {' '.join(random_words.choices(WORDS, k=6))}?"}]}


def run(affinity, options):
    with tempfile.TemporaryDirectory(prefix="s") as directory:
        made = quickstart(lambda *a, **k: Stack(directory, *a, **k), "quickstart.yaml", engines(affinity, options))
        try:
            made.start().ready(timeout=300)

            def ask(body):
                answer = http(f"{made.gateway}/v1/chat/completions", body, 120)
                if answer is None or answer.status != 200:
                    raise SystemExit(f"no answer: {answer and answer.text}")
                usage = answer.json["usage"]
                return usage["prompt_tokens"], (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)

            with concurrent.futures.ThreadPoolExecutor(options.clients) as pool:
                counts = list(pool.map(ask, requests(options.conversations, options.turns, options.seed)))
            page = http(f"{made.admin}/metrics").text
            names = list(made.plan["processes"])
            dealt = [metric(page, "stoker_gateway_upstream_requests_total", backend=name, code="200") for name in names]
        finally:
            made.stop()
            end(descendants())
    prompt, cached = (sum(column) for column in zip(*counts))
    most = max(dealt) / (sum(dealt) / len(dealt))
    print(f"{affinity:6}: {cached} of {prompt} prompt tokens from the cache ({cached / prompt:.0%}); "
          f"requests {'/'.join(f'{n:.0f}' for n in dealt)}, the most {most:.2f} times the mean", flush=True)
    return cached, most


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", type=int, default=2)
    parser.add_argument("--slots", type=int, default=8, help="of each engine; a slot keeps one beginning")
    parser.add_argument("--conversations", type=int, default=16)
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--clients", type=int, default=8, help="requests at once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check", action="store_true", help="fail unless hits are doubled at 1.25 times the mean load")
    options = parser.parse_args()
    if not MODEL.exists():
        raise SystemExit(f"{MODEL} is missing: make engine")
    without, _ = run("none", options)
    with_prefix, most = run("prefix", options)
    ratio = with_prefix / max(1, without)
    print(f"hits: {ratio:.1f} times as many; the most loaded has {most:.2f} times the mean")
    return 1 if options.check and (ratio < 2 or most > 1.25) else 0


if __name__ == "__main__":
    sys.exit(main())
