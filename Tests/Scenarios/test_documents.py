"""What the documents show can be used as it stands."""

import re
import subprocess
import sys

import pytest

from stack import ROOT, STOKER


def test_the_man_page_says_what_the_help_says():
    command = [sys.executable, ROOT / "scripts/manpage.py", STOKER, "--check", ROOT / "docs/stoker.1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("flags, page", [("--reference", "config.md"), ("--schema", "stoker.schema.json")])
def test_the_config_pages_say_what_the_reader_reads(flags, page):
    done = subprocess.run([STOKER, "check", flags], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (ROOT / "docs" / page).read_text()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_can_complete_commands(shell):
    done = subprocess.run([STOKER, "--generate-completion-script", shell], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0
    assert all(command in done.stdout for command in ("reload", "restart", "events"))


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
