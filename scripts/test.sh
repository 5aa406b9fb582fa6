#!/usr/bin/env bash
# `make test`: each part in order, cheapest first; stops at the first that fails and says how long each took.
# A part that cannot run for want of a network is skipped with a word about it, unless CI is set: there it is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

table=()
finish() {
    local status=$?
    printf '\n%-46s %9s  %s\n' part seconds result
    [ ${#table[@]} -eq 0 ] || printf '%s\n' "${table[@]}"
    [ "$status" -eq 0 ] || echo "FAILED"
}
trap finish EXIT

# row NAME SECONDS RESULT
row() { table+=("$(printf '%-46s %9s  %s' "$@")"); }

part() {
    local name=$1 began=$SECONDS
    shift
    printf '\n== %s\n' "$name"
    if "$@"; then
        row "$name" $((SECONDS - began)) passed
        return
    fi
    row "$name" $((SECONDS - began)) FAILED
    exit 1
}

skip() {
    echo "SKIPPED: $1: $2"
    row "$1" - "SKIPPED: $2"
    [ -z "${CI:-}" ] || { echo "In CI nothing may be skipped." >&2; exit 1; }
}

part "Debian packages" scripts/install-deps.sh build run test
part "lint" make --no-print-directory lint
part "debug build, warnings as errors" swift build --build-tests -Xswiftc -warnings-as-errors
# The statistics of load tests compute for a minute on every core; beside them, tests that talk over sockets would starve.
part "unit, simulation and repository tests" swift test --skip-build -Xswiftc -warnings-as-errors --skip StokerLoadTests
part "unit tests of load" swift test --skip-build -Xswiftc -warnings-as-errors --filter StokerLoadTests

engine=0
scripts/fetch-engine.sh --tests || engine=$?
if [ "$engine" -eq 0 ]; then
    # With the debug programs: what they do is the same, and a failure shows before the long release build.
    part "scenarios" .venv/bin/pytest Tests/Scenarios
elif [ "$engine" -eq 3 ]; then
    skip "scenarios" "no engine or no pytest, see above"
else
    exit "$engine"
fi

# Size and memory only mean something in the program that people get.
part "release build" make --no-print-directory release
part "release budgets: size, libraries, footprint" python3 benchmarks/footprint.py --seconds 20 --check
