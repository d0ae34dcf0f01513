"""A suite file that can't be used is told in one line that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.specification.policy import Policy
from harness.suite import Suite, SuiteError, load_suite

WHOLE = """\
snippets = "snippets"
references = "ref"
[limits.run]
processor_seconds = 0.5
sleep_seconds = 2
seconds = 5
memory_mib = 512
file_mib = 16
processes = 20
scratch_mib = 16
files = 100
[limits.build]
processor_seconds = 30
sleep_seconds = 5
seconds = 60
memory_mib = 512
file_mib = 16
processes = 20
scratch_mib = 16
files = 100
[[test]]
name = "one"
points = 2
[[test]]
name = "two"
points = 3
leaks = 1
"""


def write(folder: Path, text: str, name: str = "suite.toml") -> Path:
    """A suite file, and the programs of the tests one and two beside it."""
    (folder / "snippets").mkdir(exist_ok=True)
    for test in ("one", "two"):
        (folder / "snippets" / f"test-{test}.c").write_text("")
    path = folder / name
    path.write_text(text)
    return path


def test_a_whole_suite(tmp_path: Path) -> None:
    suite = load_suite(write(tmp_path, WHOLE))
    assert [(t.name, t.points, t.leaks) for t in suite.tests] == [("one", 2, 0), ("two", 3, 1)]
    assert suite.points == 5
    assert suite.tests[0].snippet == tmp_path / "snippets" / "test-one.c"
    assert suite.tests[0].reference == tmp_path / "ref" / "test-one.trace"
    assert suite.policy == Policy()


def test_one_that_extends_another_says_what_differs(tmp_path: Path) -> None:
    write(tmp_path, WHOLE)
    (tmp_path / "other").mkdir()
    text = (
        'extends = "../suite.toml"\nreferences = "r"\n'
        "[policy]\nprealloc_calloc = 131072\n[limits.run]\nseconds = 1\n"
    )
    suite = load_suite(write(tmp_path / "other", text))
    assert suite.points == 5
    assert suite.policy == Policy(prealloc_calloc=131072)
    assert (suite.run_limits.seconds, suite.run_limits.memory_mib) == (1, 512)
    assert suite.references == tmp_path / "other" / "r"
    assert suite.snippets.resolve() == tmp_path / "snippets"


def extend(folder: Path, text: str) -> Suite:
    """A suite that extends the whole one."""
    write(folder, WHOLE)
    for name in ("three", "four"):
        (folder / "snippets" / f"test-{name}.c").write_text("")
    (folder / "other.toml").write_text(f'extends = "suite.toml"\n{text}')
    return load_suite(folder / "other.toml")


def test_a_test_of_a_known_name_changes_only_what_it_says(tmp_path: Path) -> None:
    suite = extend(tmp_path, '[[test]]\nname = "two"\npoints = 7\n')
    assert [(t.name, t.points, t.leaks) for t in suite.tests] == [("one", 2, 0), ("two", 7, 1)]


def test_a_test_of_another_name_is_added(tmp_path: Path) -> None:
    suite = extend(tmp_path, '[[test]]\nname = "three"\npoints = 7\n')
    assert [test.name for test in suite.tests] == ["one", "two", "three"]


def test_only_some_tests_of_another_suite(tmp_path: Path) -> None:
    more = '[[test]]\nname = "three"\npoints = 7\n'
    suite = extend(tmp_path, f'only = ["t*"]\n{more}')
    assert [test.name for test in suite.tests] == ["two", "three"]
    with pytest.raises(SuiteError, match="only: expected the names of tests, found 'five'"):
        extend(tmp_path, 'only = ["one", "five"]\n')


def test_tests_are_selected_by_name_in_the_suites_order(tmp_path: Path) -> None:
    suite = load_suite(write(tmp_path, WHOLE))
    assert [test.name for test in suite.select(("two", "one")).tests] == ["one", "two"]
    with pytest.raises(SuiteError, match="no test is named 'on'; did you mean 'one'"):
        suite.select(("on",))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("snippets =", "snippet ="), "found 'snippet'"),
        (('references = "ref"\n', ""), "expected the key 'references'"),
        (('"snippets"', "3"), "snippets: expected a str, found 3"),
        (
            ("points = 2", 'points = "2"'),
            "one: points: expected a whole number, 0 or more, found '2'",
        ),
        (
            ("points = 2", "points = -2"),
            "one: points: expected a whole number, 0 or more, found -2",
        ),
        (("points = 2", "points = true"), "one: points: expected a whole number"),
        (
            ("points = 2", "point = 2"),
            "test: expected one of name, points, rules, leaks, moves_break, found 'point'",
        ),
        (('"two"', '"one"'), "expected each test once, found 'one' twice"),
        (('"two"', '"../two"'), "expected a name in lower case with dashes, found '../two'"),
        (("points = 2", "points = 5.5"), "one: points: expected a whole number"),
        (("\nseconds = 5\n", "\n"), "limits.run: seconds: expected a whole number"),
        (("\nseconds = 5", "\nseconds = 0"), "limits.run: seconds: expected 1 to 86400, found 0"),
        (("processor_seconds = 0.5\n", ""), "limits.run: processor_seconds: expected a number"),
        (("processor_seconds = 30\n", ""), "limits.build: processor_seconds: expected a number"),
        (
            ("processor_seconds = 0.5", "processor_seconds = true"),
            "limits.run: processor_seconds: expected a number, found True",
        ),
        (
            ("sleep_seconds = 2", "sleep_seconds = 0.01"),
            "limits.run: sleep_seconds: expected 0.1 to 86400, found 0.01",
        ),
        (
            ("seconds = 60", "second = 60"),
            "limits.build: expected one of seconds, memory_mib,",
        ),
        (
            ("leaks = 1", "moves_break = 1"),
            "two: moves_break: expected true or false, found 1",
        ),
        (("memory_mib = 512", "memory_mib = 1"), "limits.run: memory_mib: expected 64 to"),
        (('"two"', '"three"'), "three: expected its program"),
        (("[limits.run]", "[policy]\nalignment = 7\n[limits.run]"), "alignment: expected one of 8"),
        (("[limits.build]", "[limits.builds]"), "limits: expected one of run, build"),
        (("[limits.run]", "[policy]\nx = 1\n[limits.run]"), "policy: expected one of"),
        (("[limits.run]", "[limits.run"), "not a TOML file"),
        (("snippets =", 'extends = "suite.toml"\nsnippets ='), "extends itself"),
        (("snippets =", 'extends = "none.toml"\nsnippets ='), "none.toml: can't be read"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    path = write(tmp_path, WHOLE.replace(*change))
    with pytest.raises(SuiteError) as error:
        load_suite(path)
    assert said in str(error.value)
    assert str(tmp_path) in str(error.value)
    assert "\n" not in str(error.value).split("not a TOML file")[0]
