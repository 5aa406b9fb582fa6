"""Fixtures: a stack that is stopped after the scenario, and the proof that nothing was left running."""

import os

import pytest

from processes import become_subreaper, command_line, descendants, end, wait_for
from simulators import Rig
from stack import PROGRAMS, Stack, engine, free_port

become_subreaper()


def pytest_report_header():
    return f"programs: {PROGRAMS}"


@pytest.fixture(scope="session", autouse=True)
def programs():
    for name in ("stoker", "stoker-shim"):
        if not os.access(PROGRAMS / name, os.X_OK):
            pytest.exit(f"{PROGRAMS / name} is missing: make build", returncode=2)


@pytest.fixture
def stack(tmp_path_factory):
    """Makes stacks: `stack(processes, models)`. Each must stop with 0 and leave no process behind."""
    before = set(descendants())
    stacks = []

    def make(processes, models=None, **sections):
        # Short: a unix socket's path has at most 107 bytes.
        made = Stack(tmp_path_factory.mktemp("s"), processes, models, **sections)
        stacks.append(made)
        return made

    yield make
    try:
        for made in stacks:
            if made.daemon is not None and made.daemon.poll() is None:
                assert made.stop() == 0, f"stopping ended badly:\n{made.stderr.read_text()}"
        wait_for(lambda: not set(descendants()) - before, "nothing is left running", 5)
    except AssertionError:
        for made in stacks:
            print(f"--- daemon of {made.directory}:\n{made.stderr.read_text() if made.stderr.exists() else ''}")
        raise
    finally:
        left = set(descendants()) - before
        lines = [f"{pid}: {command_line(pid)}" for pid in sorted(left)]
        end(left)
        assert not left, "left running:\n" + "\n".join(lines)


@pytest.fixture
def pair(stack):
    """Two engines behind one model `m`: `pair("--delay", "1")`."""

    def make(*flags, deadlines=None, **keys):
        ports = [free_port(), free_port()]
        processes = {name: engine(port, *flags, **keys) for name, port in zip("ab", ports)}
        return stack(processes, {"m": {"backends": ["a", "b"], **({"deadlines": deadlines} if deadlines else {})}})

    return make


@pytest.fixture
def rig(stack):
    """Makes rigs: two simulators behind fault proxies, and a stack whose model `m` they serve."""
    rigs = []

    def make(*flags, **keys):
        rigs.append(Rig(stack, *flags, **keys))
        return rigs[-1]

    yield make
    for made in rigs:
        made.close()
