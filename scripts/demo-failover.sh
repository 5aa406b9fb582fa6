#!/usr/bin/env bash
# `make demo-failover`: two simulated engines behind the gateway, a client that streams, and kill -9 of the engine that
# serves it. Shows the stream going on, what the control plane saw, and the clock of the failover. Leaves nothing behind.
set -euo pipefail
cd "$(dirname "$0")/.."

stoker="$PWD/${STOKER_PROGRAMS:-.build/release}/stoker"
work=$(mktemp -d)
export STOKER_CONFIG="$work/stoker.yaml"
daemon=

# Ends what this script started, whatever ended the script.
finish() {
    if [ -n "$daemon" ]; then
        kill "$daemon" 2>/dev/null || true
        wait "$daemon" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

say() { printf '\n== %s\n' "$*"; }

# Waits up to ten seconds for a command to succeed.
await() {
    for _ in $(seq 100); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.1
    done
    echo "not within 10 s: $*" >&2
    cat "$work/daemon.log" >&2
    exit 1
}

# A field of the JSON on standard input, as a Python expression over `it`.
pick() { python3 -c "import json, sys; it = json.load(sys.stdin); print($1)"; }

read -r gateway admin a b <<<"$(python3 - <<'PYTHON'
import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
print(*(s.getsockname()[1] for s in held))
PYTHON
)"
cat >"$STOKER_CONFIG" <<YAML
state_dir: $work/state
runtime_dir: $work/run
gateway: { listen: "127.0.0.1:$gateway" }
admin: { listen: "127.0.0.1:$admin" }
processes:
  a: { engine: simulator, command: [$stoker, simulate, --model, m, --dialect, vllm, --listen, "127.0.0.1:\${PORT}", --itl, 50ms, --tokens, "120"], port: $a }
  b: { engine: simulator, command: [$stoker, simulate, --model, m, --dialect, vllm, --listen, "127.0.0.1:\${PORT}", --itl, 50ms, --tokens, "120"], port: $b }
models:
  m: { backends: [a, b] }
YAML

say "two engines behind one model"
"$stoker" run >"$work/daemon.log" 2>&1 &
daemon=$!
await curl -fs "http://127.0.0.1:$admin/readyz"
# Both, so that there is somebody to go on.
both_ready() { [ "$("$stoker" status --json | pick 'it["models"][0]["inRotation"]')" = 2 ]; }
await both_ready
"$stoker" status
# Now, so that nothing has to be looked up while the client streams.
"$stoker" status --json >"$work/status"

say "a client streams, and kill -9 of whoever serves it"
python3 - "$gateway" "$admin" "$work" <<'PYTHON'
import json, os, signal, sys, urllib.request

gateway, admin, work = sys.argv[1:]
pids = {p["name"]: p["pid"] for p in json.load(open(f"{work}/status"))["processes"]}
body = {"model": "m", "prompt": "the stoker of a steam ship", "stream": True, "max_tokens": 120}
request = urllib.request.Request(
    f"http://127.0.0.1:{gateway}/v1/completions", json.dumps(body).encode(), {"content-type": "application/json"})
tokens = 0
for line in urllib.request.urlopen(request):
    line = line.decode().strip()
    if line.startswith(": stoker"):
        print(f"\n   [{line[2:]}]", flush=True)
    elif line == "data: [DONE]":
        print(f"\n   [whole: {tokens} tokens]", flush=True)
    elif line.startswith("data: "):
        event = json.loads(line[6:])
        if "error" in event:
            sys.exit(f"\nthe stream broke: {event['error']['message']}")
        text = event["choices"][0].get("text", "") if event.get("choices") else ""
        tokens += bool(text)
        print(text, end="", flush=True)
        if tokens == 25 and text:
            live = json.load(urllib.request.urlopen(f"http://127.0.0.1:{admin}/api/v1/requests"))["live"]
            victim = live[0]["backend"]
            print(f"\n   [kill -9 {pids[victim]}: {victim}]", flush=True)
            os.kill(pids[victim], signal.SIGKILL)
            with open(f"{work}/victim", "w") as file:
                file.write(victim)
PYTHON
victim=$(<"$work/victim")

say "what the control plane saw"
finished() { "$stoker" events --json | grep -q failover.finished; }
await finished
"$stoker" events --since 1m --process "$victim"

say "the clock"
"$stoker" drill report --failovers
