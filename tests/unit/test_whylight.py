from __future__ import annotations

import subprocess
import sys

import pytest

import whylight


def test_usage_names_all_commands(capsys):
    assert whylight.main(["--help"]) == 0
    usage = capsys.readouterr().out
    assert "whylight explain" in usage
    assert "whylight methods" in usage
    assert "whylight models" in usage


@pytest.mark.parametrize("line", [[], ["explode"], ["app"]])
def test_what_is_no_command_is_answered_with_the_usage(line, capsys):
    assert whylight.main(line) == 2
    assert "usage" in capsys.readouterr().err


def test_the_status_of_a_command_comes_back():
    command = [sys.executable, "-m", "whylight", "models", "verify", "nonsense"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "There is no model 'nonsense'" in ended.stderr
    assert "Traceback" not in ended.stderr
