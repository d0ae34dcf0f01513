"""Writing a kit: all that students get, and nothing that solves the assignment."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import tomli_w

from harness.diagnosis.table import MISTAKES, table_file
from harness.errors import UserError
from harness.execution.build import ROOT
from harness.execution.kit import UTILS
from harness.kit.functions import called_in, listed, skeleton_of, with_note
from harness.kit.modules import needed_files
from harness.kit.pages import as_html, for_students
from harness.specification.answers import record
from harness.specification.assignment import assignment_of
from harness.specification.examples import examples_of
from harness.specification.mistakes import read_mistakes
from harness.specification.phrases import mistake_under
from harness.specification.policy import Policy
from harness.suite import Suite, load_content, load_suite
from harness.trace.file import read_trace_file
from harness.trace.signatures import FUNCTIONS
from harness.trace.trace import Trace

_OWN = ROOT / "kit"
"""What only a kit has."""
_SPECIFICATION = "specification.md"
_PAGES = (_SPECIFICATION, "student.md", "trace.md", "glossary.md")
"""The pages of docs/ that students read."""
_COPIED = (
    "LICENSE",
    "tools/install-packages",
    ".vscode/*.json",
    *("tests/snippets/Makefile", "tests/snippets/conftest.py"),
    *("tests/snippets/[!t]*.c", "tests/snippets/*.h"),
)
_PACKAGES = ("check", "test     | python3-pytest ")
"""How the rows of packages.txt begin that a kit needs."""
_FOR_GRADING = ("archive", "budget", "randomized", "made_with")
"""The keys of a suite that nobody needs to check."""
_MODES = 0o755


def write_kit(suite_path: Path, out: Path, entrances: Iterable[str]) -> None:
    """Write the kit of a suite, with a checker of the modules ``entrances``, to a folder. It is
    whole, or not there. Raises `UserError`."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        found = "a folder that is not empty" if out.is_dir() else "a file"
        raise UserError(f"{out}: expected a new or an empty folder, found {found}", "name another")
    suite = load_suite(suite_path)
    _require_references(suite)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".kit-") as scratch:
        kit = Path(scratch) / "kit"
        shutil.copytree(_OWN, kit, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.o"))
        for path in _copied(entrances):
            _copy(path, kit / path.relative_to(ROOT))
        if suite.policy.header_magic:
            _write_header(suite.policy, kit / UTILS.name / "block_meta.h")
        _write_suite(suite, kit / "tests")
        references = [read_trace_file(test.reference) for test in suite.tests]
        _write_answers(suite, references, kit)
        functions = called_in(references)
        _leave_out_others(functions, kit)
        _write_pages(suite, functions, kit / "docs")
        _write_packages(kit)
        kit.chmod(_MODES)
        kit.rename(out)


def _require_references(suite: Suite) -> None:
    for test in suite.tests:
        if not test.reference.is_file():
            raise UserError(
                f"{suite.path}: {test.name}: expected its reference {test.reference}, found none",
                "record it first",
            )


def _copied(entrances: Iterable[str]) -> Iterator[Path]:
    """Yield the files that a kit has at the same place."""
    yield from needed_files(entrances)
    yield from UTILS.glob("*.[ch]")
    yield MISTAKES
    for pattern in _COPIED:
        yield from ROOT.glob(pattern)


def _copy(path: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, to)


def _write_header(policy: Policy, header: Path) -> None:
    """Let block_meta.h have the magic number of the policy by itself."""
    text = header.read_text(encoding="utf-8")
    text = re.sub("(HEADER_MAGIC +)0\n", rf"\g<1>{policy.magic}u\n", text)
    text = re.sub("(HEADER_ALIGNMENT +)8\n", rf"\g<1>{policy.alignment}\n", text)
    header.write_text(text, encoding="utf-8")


def _write_suite(suite: Suite, tests: Path) -> None:
    """Write the suite as one file, where the checker looks for it, with its tests and references
    and its table of mistakes."""
    content = {k: v for k, v in load_content(suite.path).items() if k not in _FOR_GRADING}
    content |= {"snippets": "snippets", "references": "ref/default"}
    (tests / "suite.toml").write_text(tomli_w.dumps(content), encoding="utf-8")
    for test in suite.tests:
        _copy(test.snippet, tests / "snippets" / test.snippet.name)
        _copy(test.reference, tests / "ref" / "default" / test.reference.name)
    if (table := table_file(suite)).is_file():
        _copy(table, tests / "ref" / "default" / table.name)


def _write_answers(suite: Suite, references: Iterable[Trace], kit: Path) -> None:
    """Write what the model says of the references and the examples, in place of the model."""
    mistakes = (mistake_under(suite.policy, mistake) for mistake in read_mistakes(MISTAKES))
    examples = [*examples_of(suite.policy).values(), *(m.program for m in mistakes if m.program)]
    answers = record([each.calls for each in references], examples, suite.policy)
    (kit / "harness" / "specification" / "answers.json.gz").write_bytes(answers)


def _leave_out_others(functions: Sequence[str], kit: Path) -> None:
    """Let the README and the skeleton have these functions only."""
    readme, skeleton = kit / "README.md", kit / "src" / "osmem.c"
    text = readme.read_text(encoding="utf-8").replace(listed(FUNCTIONS), listed(functions))
    readme.write_text(text, encoding="utf-8")
    text = skeleton_of(skeleton.read_text(encoding="utf-8"), functions)
    skeleton.write_text(text, encoding="utf-8")


def _write_pages(suite: Suite, functions: Sequence[str], docs: Path) -> None:
    """Write the pages, the assignment among them as the suite has it. A text of its own says by
    itself which functions it is about."""
    docs.mkdir()
    for name in _PAGES:
        if name == _SPECIFICATION:
            page = assignment_of(suite.policy, suite.path.parent)
            if not (suite.path.parent / _SPECIFICATION).is_file():
                page = with_note(page, functions)
        else:
            page = (ROOT / "docs" / name).read_text(encoding="utf-8")
        text = for_students(page, _PAGES)
        (docs / name).write_text(text, encoding="utf-8")
        (docs / name).with_suffix(".html").write_text(as_html(text), encoding="utf-8")


def _write_packages(kit: Path) -> None:
    lines = (ROOT / "packages.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    needed = [line for line in lines if line.startswith(_PACKAGES)]
    head = "# The packages that the checker needs: purpose | package | probe | why\n\n"
    (kit / "packages.txt").write_text(head + "".join(needed), encoding="utf-8")
