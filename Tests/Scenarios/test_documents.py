"""What the documents show can be used as it stands."""

import re
import subprocess

import pytest

from stack import ROOT, STOKER


def check(path):
    return subprocess.run([STOKER, "check", "--config", str(path)], capture_output=True, text=True, timeout=20)


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.name)
def test_an_example_passes_check(path):
    done = check(path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_config_in_readme_passes_check(tmp_path):
    (tmp_path / "hf-token").write_text("token\n")
    (tmp_path / "hf-token").chmod(0o600)
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        (tmp_path / "stoker.yaml").write_text(block.replace("/etc/stoker/", f"{tmp_path}/"))
        done = check(tmp_path / "stoker.yaml")
        assert done.returncode == 0, done.stdout + done.stderr
