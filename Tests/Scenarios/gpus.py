"""Machines with GPUs that do not exist: a library that says what a script says, and a tree of AMD's files."""

import pathlib
import re
import subprocess

from stack import ROOT

SOURCE = ROOT / "Tests" / "Fixtures" / "nvml" / "fake_nvml.c"


class FakeNVML:
    """A libnvidia-ml.so.1 in a directory of its own; Tests/Fixtures/nvml/fake_nvml.c has the words of the script."""

    def __init__(self, directory, script=""):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True)
        self.path = self.directory / "libnvidia-ml.so.1"
        subprocess.run(["cc", "-w", "-shared", "-fPIC", "-o", str(self.path), str(SOURCE)], check=True, timeout=60)
        self.say(script)

    def say(self, script):
        """From now on it says this."""
        new = self.directory / "nvml.new"
        new.write_text(script + "\n")
        new.rename(self.directory / "nvml.script")

    @property
    def env(self):
        """What a daemon needs to see these cards and no others."""
        return {"STOKER_NVML_LIBRARY": str(self.path), "STOKER_SYSFS": str(self.directory / "no-sysfs")}


def amd_tree(directory):
    """A sysfs with one AMD card; returns the environment of a daemon that sees it and no other."""
    device = pathlib.Path(directory) / "class" / "drm" / "card0" / "device"
    files = {
        "vendor": "0x1002", "device": "0x7408", "unique_id": "6a1b", "product_name": "AMD Instinct MI250X",
        "uevent": "DRIVER=amdgpu\nPCI_SLOT_NAME=0000:c1:00.0", "gpu_busy_percent": "87",
        "mem_info_vram_total": "68702699520", "mem_info_vram_used": "11137024", "hwmon/hwmon3/temp2_input": "45500",
        "hwmon/hwmon3/temp2_label": "junction", "hwmon/hwmon3/power1_average": "92000000",
        "ras/umc_err_count": "ue: 0\nce: 5",
    }
    for name, text in files.items():
        path = device / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return {"STOKER_NVML_LIBRARY": "", "STOKER_SYSFS": str(directory)}, device


def gpu_threads(pid):
    """The names of a daemon's threads that read GPUs."""
    names = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            names.append((task / "comm").read_text().strip())
        except OSError:
            continue
    return sorted(name for name in names if name.startswith("gpu-"))


def series(page):
    """The samples about GPUs on a page of metrics: without its value each line is a key."""
    found = {}
    for line in page.splitlines():
        if match := re.match(r"(stoker_gpu_\S*(?:\{.*\})?) (\S+)$", line):
            found[match[1]] = float(match[2])
    return found
