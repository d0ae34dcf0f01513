"""The manual pages of commands have all of their options."""

from __future__ import annotations

import re

import click
import pytest

from harness.cli.check import check_command
from harness.cli.grade import grade_command
from harness.execution.build import ROOT


@pytest.mark.parametrize("command", [check_command, grade_command], ids=lambda c: str(c.name))
def test_the_page_of_a_command_has_its_options(command: click.Command) -> None:
    page = (ROOT / "docs" / f"osmem-{command.name}.1").read_text(encoding="utf-8")
    items = re.findall(r"^\.It (Fl .*)$", page, re.MULTILINE)
    described = [f"-{name}" for item in items for name in re.findall(r"Fl (\S+)", item)]
    options = [p for p in command.params if isinstance(p, click.Option)]
    known = [name for option in options for name in (*option.opts, *option.secondary_opts)]
    assert sorted(described) == sorted(known)
