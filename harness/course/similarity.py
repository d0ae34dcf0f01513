"""Pairs of submissions that share code, however it is packed, named and commented.

All C of a submission is put into one file, without the passages that are in the kit. Pairs are
ranked by how much of the shorter one is in the other; mistakes that both make, and few others, move
a pair up. A pair is flagged by its code alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log2
from pathlib import Path

from harness.course.settings import Course
from harness.course.sim import Found, Passage, Place, Sim
from harness.course.table import Row, make_table
from harness.errors import UserError
from harness.execution.build import ROOT
from harness.execution.kit import UTILS
from harness.execution.sandbox import scratch_folder
from harness.execution.walls import walls_of
from harness.grading.archive.bounds import ArchiveLimits, Refused
from harness.grading.archive.unpack import unpack
from harness.grading.batch import list_folder
from harness.grading.named_sources import name_sources
from harness.grading.prepare import make_batch_sandboxes
from harness.grading.rules import load_rules

_OURS = (UTILS, ROOT / "kit" / "src")
"""The folders of C that are in every kit."""
_LEAST_OF_KIT = 20
"""The words of C in a passage of the kit that is left out."""
_MOST_KIB = 512
"""The most C of a submission that is compared."""
_LONGEST_LINE = 200
"""Where a line of a passage is cut."""
_TAKES_TOO_LONG = "takes too long to compare"
_PER_HALVING = 5
"""By so much a shared mistake moves a pair up, for each halving of those who make it."""


@dataclass(frozen=True, slots=True)
class Code:
    """The C of a submission, all files one after another."""

    submission: str
    students: tuple[str, ...]
    """The names of those who handed it in."""
    lines: tuple[str, ...]
    files: tuple[tuple[int, str], ...]
    """The line before each file's first one, and its name."""
    mistakes: frozenset[str] = frozenset()

    def place(self, line: int) -> str:
        """Return the file and line of a line, from 1."""
        before, name = next(each for each in reversed(self.files) if each[0] < line)
        return f"{name}:{line - before}"

    def text(self, place: Place) -> list[str]:
        return [_cut(line) for line in self.lines[place.first - 1 : place.last]]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two submissions that share code."""

    left: Code
    right: Code
    passages: tuple[Passage, ...]
    """The longest first."""
    percent: float
    """How much of the shorter one is in the other."""
    mistakes: Mapping[str, int]
    """The mistakes that both make, and how many submissions make them."""
    rank: float


@dataclass(frozen=True, slots=True)
class Compared:
    """The pairs that share code, the most similar first."""

    pairs: tuple[Pair, ...]
    submissions: int
    """How many were compared."""
    left_out: Mapping[str, str]
    """Submissions that could not be, and why."""
    walls: str
    """Which walls stood between them and this machine."""


def compare_submissions(
    course: Course, sandbox_kind: str | None, sources: Sequence[str] = ()
) -> Compared:
    """Compare the submissions that count, in a sandbox of a kind, or in none. ``sources`` are the
    folders of sources that a user named, as NAME=PATH. Raises `UserError` and `OSError`."""
    limits = load_rules(course.suite).archive
    with scratch_folder() as scratch:
        sandboxes = make_batch_sandboxes(course.suite.run_limits, sandbox_kind, scratch)
        handed_in = list_folder(course.submissions).submissions
        named = name_sources(handed_in, sources, limits, scratch)
        folders = {submission.name: submission.source for submission in named}
        read, left_out = _read_all(make_table(course).rows, scratch, limits, folders)
        texts = scratch / "texts"
        texts.mkdir()
        rules = course.similarity
        sim = Sim(texts, sandboxes)
        codes = dict(zip(_write(texts, "code", (code.lines for code in read)), read))
        for name in sim.costly(list(codes), _LEAST_OF_KIT):
            left_out[codes.pop(name).submission] = _TAKES_TOO_LONG
        if len(codes) < 2:
            raise UserError(f"{course.submissions}: expected two submissions, found {len(codes)}")
        _leave_out(sim, codes, _kit_files(texts, rules.kit))
        found = sim.compare(list(codes), rules.least_tokens)
    pairs = _pairs(codes, found)
    return Compared(tuple(pairs), len(codes), left_out, walls_of(sandboxes))


# ---- The C of submissions ------------------------------------------------------------------------


def _read_all(
    rows: Iterable[Row], scratch: Path, limits: ArchiveLimits, folders: Mapping[str, str]
) -> tuple[list[Code], dict[str, str]]:
    """Return the C of all submissions, each once, and why others are left out."""
    shared: dict[str, list[Row]] = {}
    for row in rows:
        if row.submission is not None:
            shared.setdefault(row.submission.name, []).append(row)
    codes, left_out = [], {}
    for number, (name, owners) in enumerate(shared.items()):
        first = owners[0]
        assert first.submission is not None
        try:
            unpack(first.submission.path, scratch / str(number), limits, folders.get(name, ""))
        except Refused as refusal:
            left_out[name] = str(refusal)
            continue
        grade = first.grade
        mistakes = {c.names[0] for c in grade.diagnosis.causes} if grade is not None else set()
        students = tuple(row.student.name for row in owners)
        sources = _c_files(scratch / str(number) / "src")
        if sum(path.stat().st_size for _, path in sources) > _MOST_KIB * 1024:
            left_out[name] = f"more than {_MOST_KIB} KiB of C"
            continue
        codes.append(_code(name, students, sources, frozenset(mistakes)))
    return codes, left_out


def _c_files(folder: Path) -> list[tuple[str, Path]]:
    paths = (path for path in folder.rglob("*") if path.suffix.lower() in (".c", ".h"))
    return sorted((str(path.relative_to(folder)), path) for path in paths if path.is_file())


def _code(
    name: str,
    students: tuple[str, ...],
    sources: Sequence[tuple[str, Path]],
    mistakes: frozenset[str],
) -> Code:
    texts = [path.read_text(encoding="utf-8", errors="replace").split("\n") for _, path in sources]
    starts = accumulate(map(len, texts), initial=0)
    lines = tuple(line for text in texts for line in text)
    files = tuple(zip(starts, (file for file, _ in sources)))
    return Code(name, students, lines, files, mistakes)


def _write(folder: Path, name: str, texts: Iterable[Sequence[str]]) -> list[str]:
    """Write texts into files of a folder, and return their names."""
    names = []
    for number, lines in enumerate(texts):
        names.append(f"{name}{number}.c")
        (folder / names[-1]).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return names


# ---- The kit -------------------------------------------------------------------------------------


def _kit_files(folder: Path, kit: Sequence[Path]) -> list[str]:
    """Copy the C of the kit to a folder, and return the names of the copies."""
    sources = [path for path in kit if path.is_file()]
    folders = [*_OURS, *(path for path in kit if path.is_dir())]
    sources += [path for each in folders for _, path in _c_files(each)]
    texts = (path.read_text(encoding="utf-8", errors="replace").split("\n") for path in sources)
    return _write(folder, "kit", texts)


def _leave_out(sim: Sim, codes: Mapping[str, Code], kit: Sequence[str]) -> None:
    """Blank the lines of submissions that are in the kit, too."""
    own: dict[str, set[int]] = {}
    for passage in sim.compare_with(list(codes), kit, _LEAST_OF_KIT).passages:
        place = passage.left
        own.setdefault(place.file, set()).update(range(place.first, place.last + 1))
    for name, blank in own.items():
        lines = ("" if n in blank else line for n, line in enumerate(codes[name].lines, 1))
        (sim.folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}\N{HORIZONTAL ELLIPSIS}"


# ---- Pairs ---------------------------------------------------------------------------------------


def _pairs(codes: Mapping[str, Code], found: Found) -> list[Pair]:
    made = Counter(mistake for code in codes.values() for mistake in code.mistakes)
    passages: dict[tuple[str, str], list[Passage]] = {}
    for passage in found.passages:
        passages.setdefault((passage.left.file, passage.right.file), []).append(passage)
    pairs = []
    for (left, right), shared in passages.items():
        shorter = min(found.tokens[left], found.tokens[right])
        percent = min(100.0, 100 * sum(each.tokens for each in shared) / shorter)
        both = sorted(codes[left].mistakes & codes[right].mistakes)
        rank = percent + sum(_PER_HALVING * log2(len(codes) / made[name]) for name in both)
        longest = tuple(sorted(shared, key=lambda each: -each.tokens))
        mistakes = {name: made[name] for name in both}
        pairs.append(Pair(codes[left], codes[right], longest, percent, mistakes, rank))
    return sorted(pairs, key=lambda p: (-p.rank, p.left.submission, p.right.submission))
