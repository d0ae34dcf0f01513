"""The README and the pages of docs/ keep their promises: commands work as printed, links lead
somewhere, and the reference of a suite's file is complete.

The commands of a page are run in a copy of the checkout. A comment in the line before a block,
unseen by readers of the page, says how the block differs:

    <!-- not run: REASON -->    it can't be run by a test
    <!-- status: N -->          the exit status of its last command, if not 0
    <!-- file: PATH -->         no commands, but the content of a file that later blocks need
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.execution.build import ROOT
from harness.execution.versions import installed_versions
from harness.grading.rules import load_rules
from harness.suite import SuiteError, load_suite

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
PROMPT = "$ "
LEFT_OUT = "..."
FENCE = re.compile(
    r"^(?:<!-- (?P<mark>.*) -->\n)?```(?P<language>.*)\n(?P<text>(?s:.*?))^```$", re.MULTILINE
)
SHELLS = ("console", "sh", "bash", "shell")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page."""

    language: str
    text: str
    mark: str
    """What the comment before it is about, such as ``not run``; empty if there is none."""
    value: str
    """What the comment says."""

    @property
    def has_commands(self) -> bool:
        return self.language in SHELLS or self.text.startswith(PROMPT)

    def commands(self) -> Iterator[tuple[str, str]]:
        """The commands, each with the output printed below it."""
        for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def blocks(page: str) -> list[Block]:
    found = []
    for match in FENCE.finditer((ROOT / page).read_text(encoding="utf-8")):
        mark, _, value = (match["mark"] or "").partition(":")
        found.append(Block(match["language"], match["text"], mark.strip(), value.strip()))
    return found


def prose(page: str) -> str:
    """A page without its blocks."""
    return FENCE.sub("", (ROOT / page).read_text(encoding="utf-8"))


# ---- Commands ------------------------------------------------------------------------------------


def pattern_of(printed: str) -> str:
    """A pattern for all output that a page may print so: ``...`` stands for any number of lines, or
    for the end of a line."""
    pattern = ""
    for line in map(str.rstrip, printed.splitlines()):
        if line == LEFT_OUT:
            pattern += r"(?:.*\n)*"
        elif line.endswith(LEFT_OUT):
            pattern += re.escape(line.removesuffix(LEFT_OUT)) + ".*\n"
        else:
            pattern += re.escape(line) + "\n"
    return pattern


def run(command: str, folder: Path) -> tuple[str, int]:
    """Run a command; return its output, without spaces at the ends of lines, and its status."""
    ended = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR") if key in os.environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return re.sub(r" +$", "", ended.stdout, flags=re.MULTILINE), ended.returncode


@pytest.fixture
def checkout() -> Iterator[Path]:
    """A copy of what a clone would hold, where the users of sandboxes can pass."""
    ignored = shutil.ignore_patterns("build", ".*", "__pycache__", "*.o", "*.d", "*.so")
    with tempfile.TemporaryDirectory(prefix="osmem-readme-") as folder:
        Path(folder).chmod(0o755)
        yield Path(shutil.copytree(ROOT, Path(folder) / "osmem", ignore=ignored))


def run_as_printed(block: Block, folder: Path) -> None:
    """Run the commands of a block, and compare what they print and the last exit status."""
    status = 0
    for command, printed in block.commands():
        assert status == 0, f"expected status 0 before {command!r}, found {status}"
        output, status = run(command, folder)
        as_printed = re.fullmatch(pattern_of(printed), output) is not None
        assert as_printed, f"$ {command}\nexpected:\n{printed}\nfound:\n{output}"
    assert status == int(block.value if block.mark == "status" else 0), block.text


def is_run(block: Block) -> bool:
    return block.has_commands and block.mark != "not run"


@pytest.mark.parametrize("page", [page for page in NAMES if any(map(is_run, blocks(page)))])
def test_commands_work_as_printed(page: str, checkout: Path) -> None:
    for block in blocks(page):
        if block.mark == "file":
            path = checkout / block.value
            path.parent.mkdir(exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif is_run(block):
            run_as_printed(block, checkout)


@pytest.mark.parametrize("page", NAMES)
def test_a_block_of_commands_is_run_or_says_why_not(page: str) -> None:
    for block in blocks(page):
        assert block.mark in ("", "not run", "status", "file"), block
        assert bool(block.mark) == bool(block.value), block
        if is_run(block):
            assert block.language == "console" and block.text.startswith(PROMPT), block


# ---- Links ---------------------------------------------------------------------------------------

LINK = re.compile(r"\[[^]]*\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
CODE = re.compile(r"`([^`\n]+)`")
NAME_IN_FILE = re.compile(r"`(\w+)` in \[[^]]*\]\(([^)#]*)\)")
TOP = tuple(f"{path.name}/" for path in ROOT.iterdir() if path.is_dir() and path.name != "build")


def links(page: str) -> Iterator[tuple[Path, str]]:
    """The files that a page links to, each with the heading that the link names, if any."""
    here = ROOT / page
    for path, heading in LINK.findall(prose(page)):
        yield ((here.parent / path).resolve() if path else here), heading


def anchors(path: Path) -> set[str]:
    """The names of a page's headings, as links spell them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", NAMES)
def test_links_lead_somewhere(page: str) -> None:
    for path, heading in links(page):
        assert path.exists(), path
        assert not heading or heading in anchors(path), f"{path}#{heading}"


@pytest.mark.parametrize("page", NAMES)
def test_files_that_are_named_exist(page: str) -> None:
    """Capitals and stars stand for names: tests/snippets/test-NAME.c."""
    made = {block.value for block in blocks(page) if block.mark == "file"}
    for name in CODE.findall(prose(page)):
        if name.startswith(TOP) and " " not in name and name not in made:
            assert list(ROOT.glob(re.sub(r"\b[A-Z]+\b", "*", name).rstrip("/"))), name


@pytest.mark.parametrize("page", NAMES)
def test_names_stand_in_the_files_that_are_said_to_have_them(page: str) -> None:
    for name, path in NAME_IN_FILE.findall(prose(page)):
        text = (ROOT / page).parent.joinpath(path).read_text(encoding="utf-8")
        assert re.search(rf"\b{name}\b", text), f"{name} in {path}"


def test_each_page_is_found_from_the_readme() -> None:
    found = [ROOT / "README.md"]
    for page in found:
        found += [
            path
            for path, _ in links(str(page.relative_to(ROOT)))
            if path.suffix == ".md" and path not in found
        ]
    assert set(found) == set(PAGES)


# ---- The reference of a suite's file -------------------------------------------------------------

KEYS = re.compile(r"expected (?:one of|the keys) (?P<keys>.*), found '?unknown'?")


def keys_known(suite: Path, table: str) -> set[str]:
    """The keys that the checker names when it finds one that it does not know."""
    key = "[[test]]\nunknown = 1" if table == "test" else f"[{table}]\nunknown = 1"
    suite.write_text(f'extends = "{ROOT}/tests/suite.toml"\n{key if table else "unknown = 1"}\n')
    with pytest.raises(SuiteError) as caught:
        load_rules(load_suite(suite))
    match = KEYS.search(str(caught.value))
    assert match is not None, str(caught.value)
    return set(match["keys"].split(", "))


def keys_listed(*headings: str) -> set[str]:
    """The keys in the first columns of the tables below some headings of the page."""
    page = (ROOT / "docs" / "suite.md").read_text(encoding="utf-8")
    sections = [page.split(f"\n### {heading}\n")[1].split("\n#")[0] for heading in headings]
    lines = "\n".join(sections).splitlines()
    rows = [line.split("|")[1] for line in lines if line.startswith("| `")]
    return set(re.findall(r"`(\w+)`", "".join(rows)))


def test_the_reference_of_a_suite_lists_the_tools_whose_versions_are_compared() -> None:
    assert keys_listed("`[made_with]`") == set(installed_versions())


@pytest.mark.parametrize(
    ("headings", "table"),
    [
        (("The file",), ""),
        (("`[[test]]`",), "test"),
        (("`[policy]`",), "policy"),
        (("`[limits.run]` and `[limits.build]`",), "limits.run"),
        (("`[limits.run]` and `[limits.build]`",), "limits.build"),
        (("`[compiler]`",), "compiler"),
        (("`[archive]`",), "archive"),
        (("`[budget]`",), "budget"),
        (("`[style]`",), "style"),
    ],
)
def test_the_reference_of_a_suite_lists_the_keys_that_the_checker_knows(
    headings: tuple[str, ...], table: str, tmp_path: Path
) -> None:
    assert keys_listed(*headings) == keys_known(tmp_path / "suite.toml", table)
