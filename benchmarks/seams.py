#!/usr/bin/env python3
"""A hundred streams of a real llama.cpp at temperature 0, each killed at a random moment and continued by its twin.

For each: what came before the seam is untouched, and what follows is what the second engine says when it is asked
itself with the same prompt and prefix. How many are equal to the unbroken text is reported: prefill and decode round
differently in a real engine, so that not all can be. `make engine` brings what it needs: .venv/bin/python
benchmarks/seams.py
"""

import argparse
import json
import os
import sys
import tempfile

from measuring import ROOT

os.environ.setdefault("STOKER_PROGRAMS", ".build/release")
sys.path.insert(0, str(ROOT / "Tests/Scenarios"))

from processes import descendants, end  # noqa: E402
from struck import Struck  # noqa: E402
from real import MODEL, first_and_standby, quickstart  # noqa: E402
from stack import Stack  # noqa: E402

COUNT = 100


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=COUNT, help="streams; every second one is a chat")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="every seam as a line")
    parser.add_argument("--check", action="store_true", help="fail when one seam breaks a rule")
    options = parser.parse_args()
    if not MODEL.exists():
        raise SystemExit(f"{MODEL} is missing: make engine")
    with tempfile.TemporaryDirectory(prefix="s") as directory:
        made = quickstart(lambda *a, **k: Stack(directory, *a, **k), "quickstart.yaml", first_and_standby)
        try:
            made.start().ready(timeout=120)
            struck, seams = Struck(made, "gemma", ["llama-a", "llama-b"], options.seed), []
            for number in range(options.count):
                seams.append(struck.round(chat=number % 2 == 1))
                show(number, seams[-1], options.json)
        finally:
            made.stop()
            end(descendants())
    bad = [seam for seam in seams if seam.broken_rules]
    for chat, name in ((False, "completions"), (True, "chat")):
        these = [seam for seam in seams if seam.chat == chat]
        good = [seam for seam in these if not seam.broken_rules]
        equal = sum(seam.is_equal_to_unbroken for seam in good)
        print(f"{name}: {len(good)} of {len(these)} as the second engine says it, {equal} equal to the unbroken text")
    return 1 if options.check and bad else 0


def show(number, seam, as_json):
    if as_json:
        print(json.dumps(vars(seam)), flush=True)
        return
    verdict = "; ".join(seam.broken_rules)[:300] or ("equal" if seam.is_equal_to_unbroken else "as asked itself")
    kind = "chat" if seam.chat else "text"
    print(f"  {number + 1:3} {kind} killed after {seam.killed_after:2} tokens: {verdict}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
