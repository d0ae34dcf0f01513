"""A suite: the tests of an assignment, their points, and the limits they run under.

A suite is a TOML file. It may extend another one, and then has only what differs. Tables are merged
value by value; a ``[[test]]`` with a name in the other suite changes that test, and any other is
added; ``only`` leaves out the tests that it does not name::

    extends = "suite.toml"      # relative to this file, as all paths here
    only = ["malloc-*", "all"]  # names or patterns; default: all tests
    references = "ref/classic"  # the folder of the traces, test-NAME.trace
    snippets = "snippets"       # the folder of the programs, test-NAME.c
    [policy]                    # the numbers that differ from the specification's
    prealloc_calloc = 131072
    [limits.run]                # of a traced program; [limits.build] of a build
    processor_seconds = 1
    [compiler]                  # flags in front of those of a Makefile
    second_try = ["-std=gnu89"] # if the first try fails; see execution/compiler.py
    [[test]]
    name = "malloc-arrays"
    points = 5
    rules = ["alignment"]       # the rules that it judges, or "all"; default: none
    leaks = 1                   # blocks that it leaves allocated on purpose; default: 0
    moves_break = true          # whether it moves the break itself; default: false

`harness.grading.rules` reads what only grading needs: ``[archive]``, ``[budget]``, ``[style]``,
``[made_with]`` and ``randomized``.
"""

from __future__ import annotations

import fnmatch
import re
import tomllib
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from harness.errors import UserError
from harness.execution.compiler import CompilerFlags
from harness.execution.limits import Limits
from harness.specification.policy import CHOICES, POLICY_KEYS, Policy, problem_of
from harness.specification.rules import RULES


class SuiteError(UserError):
    """A suite can't be used; the message names the file, what was expected and what was found."""


@dataclass(frozen=True, slots=True)
class Test:
    """A test: a program, and the trace that it should leave."""

    name: str
    points: int
    snippet: Path
    reference: Path
    rules: frozenset[str] = frozenset()
    """The rules of the specification that it judges; see `harness.specification.rules`."""
    leaks: int = 0
    """The number of blocks and mappings that the program leaves allocated on purpose."""
    moves_break: bool = False
    """Whether the program itself moves the break, to see how the allocator copes with that."""

    @property
    def extra(self) -> bool:
        """Whether the test has no points: it runs and is shown, but changes no result."""
        return self.points == 0


@dataclass(frozen=True, slots=True)
class Suite:
    """The tests of an assignment, in the order of reports."""

    path: Path
    snippets: Path
    references: Path
    tests: tuple[Test, ...]
    policy: Policy
    run_limits: Limits
    build_limits: Limits
    compiler: CompilerFlags

    @property
    def points(self) -> int:
        return sum(test.points for test in self.tests)

    def select(self, names: tuple[str, ...]) -> Suite:
        """Return the suite with only the tests of these names, in its own order, or all if none is
        named. A name may be a pattern, such as ``malloc-*``. Raises `SuiteError`."""
        known = [test.name for test in self.tests]
        chosen = set() if names else set(known)
        for name in names:
            matching = fnmatch.filter(known, name)
            if not matching:
                close = get_close_matches(name, known, n=1)
                hint = f"did you mean {close[0]!r}?" if close else "see ./checker.py list"
                raise SuiteError(f"{self.path}: no test is named {name!r}", hint)
            chosen.update(matching)
        return replace(self, tests=tuple(test for test in self.tests if test.name in chosen))


_KEYS = {
    "extends": str,
    "snippets": str,
    "references": str,
    "policy": dict,
    "limits": dict,
    "compiler": dict,
    "made_with": dict,
    "archive": dict,
    "budget": dict,
    "style": dict,
    "randomized": list,
    "only": list,
    "test": list,
}
_WHOLE_LIMITS = {
    "seconds": (1, 86_400),
    "memory_mib": (64, 1 << 20),
    "file_mib": (1, 1 << 20),
    "processes": (8, 1 << 16),
    "scratch_mib": (1, 1 << 20),
    "files": (16, 1 << 20),
}
"""The ranges of limits in whole numbers; with less memory, a tracer can't start."""
_OTHER_LIMITS = {"processor_seconds": (0.1, 86_400), "sleep_seconds": (0.1, 86_400)}
"""The ranges of limits that need not be whole numbers."""
_ALL_RULES = "all"
_TEST_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


def check_keys(path: Path, where: str, table: object, known: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise SuiteError(f"{path}: {where}: expected a table, found {table!r}")
    for key in table:
        if key not in known:
            raise SuiteError(f"{path}: {where}: expected one of {', '.join(known)}, found {key!r}")
    return table


def whole_number(
    path: Path, where: str, table: dict[str, Any], key: str, default: int | None
) -> int:
    value = table.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise SuiteError(
            f"{path}: {where}: {key}: expected a whole number, 0 or more, found {value!r}"
        )
    return value


def number_within(
    path: Path, where: str, table: dict[str, Any], key: str, bounds: tuple[float, float]
) -> float:
    value = table.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise SuiteError(f"{path}: {where}: {key}: expected a number, found {value!r}")
    _require_within(path, where, key, value, bounds)
    return value


def _require_within(
    path: Path, where: str, key: str, value: float, bounds: tuple[float, float]
) -> None:
    least, most = bounds
    if not least <= value <= most:
        raise SuiteError(f"{path}: {where}: {key}: expected {least} to {most}, found {value}")


def list_of(
    what: str,
    path: Path,
    where: str,
    table: dict[str, Any],
    key: str,
    default: list[str] | None = None,
) -> list[str]:
    """Return a list of strings; ``what`` they are is for the message."""
    value = table.get(key, default)
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise SuiteError(f"{path}: {where}: {key}: expected a list of {what}, found {value!r}")
    return value


def _true_or_false(path: Path, where: str, table: dict[str, Any], key: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise SuiteError(f"{path}: {where}: {key}: expected true or false, found {value!r}")
    return value


def _parse(path: Path) -> dict[str, Any]:
    """Read the content of a file, and resolve the paths that are relative to it."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SuiteError(f"{path}: can't be read: {error.strerror}", "name a suite file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SuiteError(f"{path}: not a TOML file: {error}") from error
    for key, value in content.items():
        expected = _KEYS.get(key)
        if expected is None:
            raise SuiteError(f"{path}: expected the keys {', '.join(_KEYS)}, found {key!r}")
        if not isinstance(value, expected):
            raise SuiteError(f"{path}: {key}: expected a {expected.__name__}, found {value!r}")
    for test in content.get("test", []):
        if not isinstance(test, dict):
            raise SuiteError(f"{path}: test: expected a table, found {test!r}")
    for key in ("snippets", "references", "extends"):
        if key in content:
            content[key] = path.parent / content[key]
    return content


def suite_files(path: Path) -> list[Path]:
    """Return the suite's file, the file of the suite it extends, and so on. Raises `SuiteError`."""
    files = [path]
    while base := _parse(files[-1]).get("extends"):
        if base.resolve() in {file.resolve() for file in files}:
            raise SuiteError(f"{files[-1]}: extends itself by way of {base}")
        files.append(base)
    return files


def load_content(path: Path) -> dict[str, Any]:
    """Read a file, merged over the suites that it extends. Raises `SuiteError`."""
    content: dict[str, Any] = {}
    for file in reversed(suite_files(path)):
        content = _over(content, _parse(file))
        content.pop("extends", None)
        if only := content.pop("only", None):
            kept = _keep_only(file, content.get("test", []), only)
            names = {test.get("name") for test in kept}
            content["test"] = kept
            if "randomized" in content:
                content["randomized"] = [name for name in content["randomized"] if name in names]
    return content


def _over(base: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    """Merge a suite over its base: tables value by value, tests by name, everything else as a
    whole."""
    merged = dict(base)
    for key, value in content.items():
        old = base.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            value = _over(old, value)
        elif key == "test" and isinstance(old, list):
            value = _tests_over(old, value)
        merged[key] = value
    return merged


def _tests_over(base: list[Any], tests: list[Any]) -> list[Any]:
    """Merge tests over those of the base: a known name changes that test, any other is added."""
    merged = list(base)
    for test in tests:
        name = test.get("name") if isinstance(test, dict) else None
        at = next((i for i, old in enumerate(base) if old.get("name") == name), None)
        if at is None:
            merged.append(test)
        else:
            merged[at] = merged[at] | test
    return merged


def _keep_only(path: Path, tests: list[Any], names: list[Any]) -> list[Any]:
    """Return the tests that match one of these names or patterns."""
    known = [test.get("name") for test in tests]
    for name in names:
        if not isinstance(name, str) or not fnmatch.filter(map(str, known), name):
            raise SuiteError(f"{path}: only: expected the names of tests, found {name!r}")
    return [
        test
        for test in tests
        if any(fnmatch.fnmatchcase(str(test.get("name")), name) for name in names)
    ]


def _read_limits(path: Path, limits: dict[str, Any], name: str) -> Limits:
    where = f"limits.{name}"
    known = (*_WHOLE_LIMITS, *_OTHER_LIMITS)
    table = check_keys(path, where, limits.get(name, {}), known)
    values: dict[str, Any] = {
        key: number_within(path, where, table, key, bounds) for key, bounds in _OTHER_LIMITS.items()
    }
    for key, bounds in _WHOLE_LIMITS.items():
        values[key] = whole_number(path, where, table, key, None)
        _require_within(path, where, key, values[key], bounds)
    return Limits(**values)


def _read_policy(path: Path, table: object) -> Policy:
    values = dict(check_keys(path, "policy", table, POLICY_KEYS))
    for key in values:
        if key not in CHOICES:
            values[key] = whole_number(path, "policy", values, key, None)
    policy = Policy(**values)
    if problem := problem_of(policy):
        raise SuiteError(f"{path}: policy: {problem}")
    return policy


def _read_compiler(path: Path, table: object) -> CompilerFlags:
    known = tuple(field.name for field in fields(CompilerFlags))
    values = check_keys(path, "compiler", table, known)
    what = "flags, such as ['-std=gnu17']"
    flags = {key: tuple(list_of(what, path, "compiler", values, key)) for key in values}
    return CompilerFlags(**flags)


def _read_test(path: Path, table: Any, snippets: Path, references: Path) -> Test:
    known = ("name", "points", "rules", "leaks", "moves_break")
    name = check_keys(path, "test", table, known).get("name")
    if not isinstance(name, str) or not _TEST_NAME.fullmatch(name):
        raise SuiteError(f"{path}: test: expected a name in lower case with dashes, found {name!r}")
    return Test(
        name,
        whole_number(path, name, table, "points", None),
        snippets / f"test-{name}.c",
        references / f"test-{name}.trace",
        _read_rules(path, name, table),
        whole_number(path, name, table, "leaks", 0),
        _true_or_false(path, name, table, "moves_break"),
    )


def _read_rules(path: Path, name: str, table: dict[str, Any]) -> frozenset[str]:
    if table.get("rules") == _ALL_RULES:
        return frozenset(RULES)
    rules = list_of("names", path, name, table, "rules", [])
    for rule in rules:
        if rule not in RULES:
            close = get_close_matches(rule, RULES, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(RULES)}"
            raise SuiteError(f"{path}: {name}: rules: no rule is named {rule!r}", hint)
    return frozenset(rules)


def load_suite(path: Path) -> Suite:
    """Read a suite. Raises `SuiteError`."""
    content = load_content(path)
    for key in ("snippets", "references", "test", "limits"):
        if key not in content:
            found = ", ".join(content) or "none"
            raise SuiteError(f"{path}: expected the key {key!r}, found {found}")
    snippets, references = content["snippets"], content["references"]
    tests = tuple(_read_test(path, table, snippets, references) for table in content["test"])
    for test in tests:
        if not test.snippet.is_file():
            raise SuiteError(
                f"{path}: {test.name}: expected its program {test.snippet}, found none",
                "'only' leaves out tests of the suite that this one extends",
            )
    if not tests:
        raise SuiteError(f"{path}: expected at least one [[test]], found none")
    names = [test.name for test in tests]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise SuiteError(f"{path}: expected each test once, found {twice!r} twice")
    limits = check_keys(path, "limits", content["limits"], ("run", "build"))
    policy = _read_policy(path, content.get("policy", {}))
    return Suite(
        path,
        snippets,
        references,
        tests,
        policy,
        _read_limits(path, limits, "run"),
        _read_limits(path, limits, "build"),
        _read_compiler(path, content.get("compiler", {})).behind(policy.definitions()),
    )
