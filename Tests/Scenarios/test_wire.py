"""HTTP/1.1 as rude clients and rude engines speak it: varnishtest's scripts in wire/ against a gateway of their own.

A script finds the gateway at `${gateway}` and is the backend at `${backend}`. Its first comments may say what the
gateway must have counted when it is over, no more and no less: `# rejected: REASON=COUNT …`, the requests that broke
HTTP's rules or a limit, and `# upstream: CODE=COUNT …`, the answers of backends.
"""

import os
import pathlib
import subprocess

import pytest

from bare_gateway import BareGateway
from stack import free_port

SCRIPTS = sorted((pathlib.Path(__file__).parent / "wire").glob("*.vtc"))
# The request that stands before each bad one; its backslashes are for varnishtest to read.
VALID = (
    r"POST /v1/completions HTTP/1.1\r\nHost: h\r\nX-Case: valid\r\nContent-Length: 13\r\n\r\n"
    r"{\"model\":\"m\"}")
FAMILIES = {
    "rejected": ("stoker_gateway_rejected_requests_total", "reason"),
    "upstream": ("stoker_gateway_upstream_requests_total", "code"),
}


def expectations(script):
    """The counts in the script's comments: `{"rejected": {"host": 3}}`."""
    found = {}
    for line in script.read_text().splitlines():
        name, _, counts = line.removeprefix("# ").partition(": ")
        if line.startswith("# ") and name in FAMILIES:
            pairs = (pair.split("=") for pair in counts.split())
            found[name] = {label: int(count) for label, count in pairs}
    return found


def run(script, gateway, backend, directory):
    macros = {"gateway": f"127.0.0.1 {gateway.port}", "backend": f"127.0.0.1 {backend}", "valid": VALID}
    defined = [word for name, value in macros.items() for word in ("-D", f"{name}={value}")]
    done = subprocess.run(
        ["varnishtest", "-t", "60", *defined, str(script)], env={**os.environ, "TMPDIR": str(directory)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=90)
    if done.returncode != 0:
        pytest.fail(f"{script.name}:\n{last_words(done.stdout.decode(errors='replace'))}", pytrace=False)


def last_words(log):
    """What stands before the line that says what failed; the log of all is megabytes."""
    lines = [line[:200] for line in log.splitlines()]
    failed = next((place for place, line in enumerate(lines) if line.startswith("---- ")), len(lines))
    return "\n".join(lines[max(0, failed - 40):failed + 1])


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_script(script, tmp_path_factory):
    # Short: a unix socket's path has at most 107 bytes.
    directory, backend = tmp_path_factory.mktemp("w"), free_port()
    gateway = BareGateway(directory, backend)
    try:
        run(script, gateway, backend, directory)
        for name, expected in expectations(script).items():
            family, label = FAMILIES[name]
            assert gateway.counted(family, label) == expected, name
    finally:
        gateway.stop()
