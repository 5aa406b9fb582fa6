#!/usr/bin/env bash
# Installs the Debian packages that one part of the work needs, and only those that are missing.
# Usage: scripts/install-deps.sh build|run|test|bench…
set -euo pipefail

packages_for() {
    case $1 in
        # libcurl: the probes. SQLite: events and knowledge. zlib: /metrics. OpenSSL: `stoker load` over TLS.
        # pkg-config: how SwiftPM finds them.
        build) echo libcurl4-openssl-dev libsqlite3-dev libssl-dev zlib1g-dev pkg-config ;;
        # The inference engine of the quickstart is a Python wheel in a virtual environment of its own.
        run) echo curl python3 python3-venv ;;
        # prometheus brings promtool; the scenarios scrape with it. openssl makes their certificates. shellcheck reads scripts/.
        # varnish brings varnishtest, which speaks HTTP rudely; haproxy and nginx are asked how they read the same bytes.
        test) echo prometheus openssl shellcheck varnish haproxy nginx ;;
        # What restarts and the gateway are measured against, and the load for it.
        bench) echo runit s6 supervisor haproxy nginx caddy wrk hey ;;
        *) echo "install-deps.sh: '$1' is none of build, run, test, bench" >&2; return 2 ;;
    esac
}

is_installed() { [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing=()
for part in "$@"; do
    wanted=$(packages_for "$part")
    for package in $wanted; do is_installed "$package" || missing+=("$package"); done
done
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "install-deps.sh: this is no Debian; install by hand what these packages hold: ${missing[*]}" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "install-deps.sh: run as root: apt-get install ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
fi

# Debian starts a daemon when its package is installed; prometheus and the like are wanted as programs only.
# A policy-rc.d that answers 101 forbids every start, the documented way; one that is there already is left alone.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 0755 "$policy"
fi

echo "Installing from Debian: ${missing[*]}"
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"

# Nor shall they start at the next boot.
if [ -d /run/systemd/system ]; then
    for unit in prometheus supervisor haproxy nginx caddy varnish; do
        case " ${missing[*]} " in *" $unit"*) "${as_root[@]}" systemctl disable --now "$unit" || true ;; esac
    done
fi
