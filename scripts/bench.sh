#!/usr/bin/env bash
# `make bench`: the benchmarks of benchmarks/README.md, one after the other, on the release programs.
set -euo pipefail
cd "$(dirname "$0")/.."

python3 benchmarks/footprint.py --seconds 60
# Locust is a peer of the load generator, and in PyPI alone.
if [ ! -x .venv-bench/bin/locust ]; then
    python3 -m venv .venv-bench && .venv-bench/bin/pip install --quiet --disable-pip-version-check locust \
        || echo "bench.sh: Locust cannot be had from PyPI; load.py leaves it out" >&2
fi
for script in restart gateway added_latency streams survival faults failover load; do
    python3 "benchmarks/$script.py"
done
