"""The examples' real engines, as stacks of their own."""

import yaml

from stack import ROOT, free_port

MODEL = ROOT / ".cache/models/gemma-3-270m-q4.gguf"


def quickstart(make, name, change=lambda plan: None):
    """examples/NAME as it stands, or changed, on ports and directories of its own."""
    plan = yaml.safe_load((ROOT / "examples" / name).read_text())
    change(plan)
    for process in plan["processes"].values():
        process.setdefault("directory", str(ROOT / "examples"))
        process["port"] = free_port()
    kept = {key: value for key, value in plan.items() if key not in ("state_dir", "runtime_dir", "gateway", "admin")}
    return make(kept.pop("processes"), kept.pop("models"), **kept)


def first_and_standby(plan):
    """The first engine serves, so that it is known whom to kill, and is started again however often it dies."""
    plan["models"]["gemma"].update(backends=["llama-a"], standby=["llama-b"])
    plan["processes"] = {name: plan["processes"][name] for name in ("llama-a", "llama-b")}
    for process in plan["processes"].values():
        process.pop("start_after", None)
        process["restart"] = {"backoff": {"initial": "10ms", "max": "100ms"}, "give_up": {"starts": 1000, "within": "1m"}}
