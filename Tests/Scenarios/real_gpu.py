"""`make test-gpu`: what Stoker reads of real NVIDIA cards beside what nvidia-smi says of them. Not part of CI."""

import csv
import io
import shutil
import subprocess
import sys
import tempfile

from processes import become_subreaper, wait_for
from stack import Stack, engine, free_port

MIB = 1 << 20
ABSENT = ("[N/A]", "[Not Supported]", "N/A", "[Unknown Error]", "[Insufficient Permissions]", "")


def deep(*keys):
    """A value of a reading by its path; None where it is absent."""

    def read(reading):
        for key in keys:
            reading = (reading or {}).get(key)
        return reading

    return read


# nvidia-smi's field, ours, what one of its units is in ours, and by how much they may differ between two moments.
NUMBERS = [
    ("memory.total", deep("memory", "total"), MIB, MIB),
    ("memory.reserved", deep("memory", "reserved"), MIB, 2 * MIB),
    ("memory.used", deep("memory", "used"), MIB, 256 * MIB),
    ("memory.free", deep("memory", "free"), MIB, 256 * MIB),
    ("utilization.gpu", deep("utilization"), 0.01, 1.0),
    ("utilization.memory", deep("memoryActivity"), 0.01, 1.0),
    ("temperature.gpu", deep("temperature", "core"), 1, 5),
    ("temperature.memory", deep("temperature", "memory"), 1, 5),
    ("power.draw", deep("power", "watts"), 1, 60),
    ("enforced.power.limit", deep("power", "limitWatts"), 1, 1),
    ("clocks.sm", deep("clocks", "sm"), 1e6, 2e9),
    ("clocks.mem", deep("clocks", "memory"), 1e6, 3e9),
    ("fan.speed", deep("fanSpeed"), 0.01, 0.1),
    ("ecc.errors.corrected.volatile.total", deep("errors", "corrected"), 1, 0),
    ("ecc.errors.uncorrected.volatile.total", deep("errors", "uncorrected"), 1, 0),
    ("pcie.link.gen.max", deep("link", "maxGeneration"), 1, 0),
    ("pcie.link.width.max", deep("link", "maxWidth"), 1, 0),
    ("pcie.link.width.current", deep("link", "width"), 1, 0),
]
TEXTS = [("uuid", "uuid"), ("name", "product"), ("driver_version", "driver")]


def ask_nvidia_smi(fields):
    """A row for each card, by field."""
    said = subprocess.run(
        ["nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"], capture_output=True,
        text=True, timeout=120, check=True).stdout
    return [dict(zip(fields, (cell.strip() for cell in row))) for row in csv.reader(io.StringIO(said)) if row]


def differences(theirs, reading):
    """One line for each value that is not the same, with a table of all on the way."""
    found = []
    for field, key in TEXTS:
        if theirs[field] != reading["identity"][key]:
            found.append(f"{field}: nvidia-smi {theirs[field]!r}, Stoker {reading['identity'][key]!r}")
    for field, ours, unit, tolerance in NUMBERS:
        value = ours(reading)
        print(f"  {field:40} {theirs[field]:>20} {'absent' if value is None else value / unit:>24}")
        if theirs[field] in ABSENT:
            # nvidia-smi does not ask for everything that a card can say.
            continue
        if value is None:
            found.append(f"{field}: nvidia-smi {theirs[field]}, Stoker has none")
        elif abs(float(theirs[field]) * unit - value) > tolerance:
            found.append(f"{field}: nvidia-smi {theirs[field]}, Stoker {value / unit}")
    return found


def main():
    if not shutil.which("nvidia-smi"):
        print("There is no NVIDIA GPU here (no nvidia-smi on the PATH): nothing was compared.")
        return 0
    become_subreaper()
    with tempfile.TemporaryDirectory() as directory:
        stack = Stack(directory, {"a": engine(free_port())}, {"m": {"backends": ["a"]}}).start()
        try:
            wait_for(
                lambda: (g := stack.status().get("gpus")) and g["sources"][0]["state"] == "fresh" and g["readings"],
                "Stoker has read the GPUs", 60)
            rows = ask_nvidia_smi([field for field, *_ in TEXTS] + [field for field, *_ in NUMBERS])
            readings = {r["identity"]["uuid"]: r for r in stack.status()["gpus"]["readings"]}
            print(stack.cli("status").stdout)
        finally:
            stack.stop()
    found = [] if len(rows) == len(readings) else [f"nvidia-smi lists {len(rows)} cards, Stoker {len(readings)}"]
    for row in rows:
        print(f"{row['uuid']}: nvidia-smi, Stoker")
        reading = readings.get(row["uuid"])
        found += differences(row, reading) if reading else [f"{row['uuid']}: Stoker does not have it"]
        for fault in (reading or {}).get("faults", []):
            print(f"  not read: {fault}")
    print("\n".join(found) or f"{len(rows)} GPUs: Stoker and nvidia-smi agree.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
