#!/usr/bin/env bash
# `make bench`: every benchmark of benchmarks/README.md, one after the other, on the release programs.
set -euo pipefail
cd "$(dirname "$0")/.."

python3 benchmarks/footprint.py --seconds 60
for script in benchmarks/restart.py benchmarks/gateway.py; do
    [ ! -e "$script" ] || python3 "$script"
done
