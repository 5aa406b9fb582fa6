"""The gateway goes before others at the processor, where the system lets it."""

import pathlib

from processes import command_line, descendants
from stack import engine, free_port

CAP_SYS_NICE = 23


def may_go_before_others():
    status = pathlib.Path("/proc/self/status").read_text()
    effective = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff:"))
    return bool(int(effective, 16) >> CAP_SYS_NICE & 1)


def test_the_gateway_goes_before_others_and_its_engines_do_not(stack):
    made = stack({"e": engine(free_port())}, {"m": {"backends": ["e"]}}).start().ready()
    gateway = next(p for p in descendants() if "/stoker gateway " in command_line(p))
    beside = next(p for p in descendants() if "engine.py" in command_line(p))
    wanted = "-10" if may_go_before_others() else "0"
    # Behind the name in parentheses nice is the seventeenth field.
    nices = {
        task.joinpath("stat").read_text().rpartition(")")[2].split()[16]
        for task in pathlib.Path(f"/proc/{gateway}/task").iterdir()}
    assert wanted in nices, "its event loops"
    sessions = pathlib.Path(f"/proc/{gateway}/autogroup")
    if sessions.exists():
        assert sessions.read_text().strip().endswith(f"nice {wanted}")
        assert pathlib.Path(f"/proc/{beside}/autogroup").read_text().strip().endswith("nice 0")
    assert made.stop() == 0
