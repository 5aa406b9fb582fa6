#!/usr/bin/env bash
# `make run`: from a fresh machine to two engines, a knowledge service and a gateway. Says how long each part took;
# the second time every part finds its work done. Ctrl-C stops the stack in good order.
set -euo pipefail
cd "$(dirname "$0")/.."

step() {
    local name=$1 began=$SECONDS
    shift
    echo "== $name"
    "$@" || return # said here too: `set -e` sleeps where the caller looks at the status
    echo "   $name: $((SECONDS - began)) s"
}

step "Debian packages" scripts/install-deps.sh build run
command -v swift >/dev/null || {
    echo "No Swift toolchain on PATH; install 6.3 or later: https://www.swift.org/install" >&2
    exit 1
}
step "release build (the first takes minutes)" make --no-print-directory release

config=examples/quickstart.yaml
engine=0
step "engine and model" scripts/fetch-engine.sh || engine=$?
case $engine in
    0) ;;
    # Only what cannot be had is replaced, and loudly; any other failure is one.
    3)
        config=examples/simulator.yaml
        echo "   NO REAL ENGINE: the stack runs with Stoker's simulator instead, which invents its answers ($config)."
        ;;
    *) exit "$engine" ;;
esac

echo "== stoker run --config $config"
exec .build/release/stoker run --config "$config"
