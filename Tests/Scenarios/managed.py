"""Simulators that Stoker itself starts, so that a scenario can break them as a process."""

from stack import QUICK, STOKER, free_port, http


def simulated(port, *flags, **keys):
    """A simulator as a process of the config."""
    command = [STOKER, "simulate", "--model", "m", "--dialect", "vllm", "--listen", "127.0.0.1:${PORT}",
               "--ttft", "20ms", "--itl", "20ms", *flags]
    return {"kind": "inference", "engine": "simulator", "command": command, "port": port, **QUICK, **keys}


def two(stack, *flags, **sections):
    """Two simulators behind one model."""
    processes = {name: simulated(free_port(), *flags) for name in "ab"}
    return stack(processes, {"m": {"backends": ["a", "b"]}}, **sections)


def metric(stack, name, **labels):
    """The value of a metric whose labels contain these."""
    page = http(f"{stack.admin}/metrics").text
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    lines = [x for x in page.splitlines() if x.startswith((name + "{", name + " ")) and all(w in x for w in wanted)]
    assert lines, f"{name} {labels} is not on the page"
    return sum(float(x.rsplit(" ", 1)[1]) for x in lines)


def streaming(stack, backend):
    """How many clients have a part of an answer of that backend."""
    live = http(f"{stack.admin}/api/v1/requests").json["live"]
    return len([r for r in live if r.get("backend") == backend and r["phase"] == "streaming"])
