"""The findings in a submission's sources, and the points for style."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import tracemalloc
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.execution.build import ROOT
from harness.execution.kit import UTILS
from harness.results.grade import Finding
from harness.grading.style import (
    MOST_FINDINGS,
    StyleRules,
    find_style,
    judge_style,
    unearned,
    read_style,
)
from harness.grading.style_checks import CPPCHECK_CHECKS, CPPLINT_CHECKS, GCC_CHECKS
from harness.grading.style_sources import Sources, read_sources
from harness.grading.style_tools import SOURCES, StyleError
from harness.suite import SuiteError


INCLUDES = {"../utils": UTILS}


def unboxed(command: Sequence[str], shown: Mapping[str, Path]) -> str:
    """Run a tool without a sandbox, in a folder beside links to what it is shown."""
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    with tempfile.TemporaryDirectory() as top:
        work = Path(top, "work")
        work.mkdir()
        for inside, folder in shown.items():
            link = Path(os.path.normpath(work / inside))
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(folder)
        ended = subprocess.run(command, stdout=subprocess.PIPE, env=env, cwd=work, check=False)
    return ended.stdout.decode(errors="replace")


def found(folder: Path, includes: Mapping[str, Path] = INCLUDES) -> list[Finding]:
    return list(find_style(read_sources(folder, includes, unboxed), unboxed))


def places(folder: Path) -> list[tuple[str, int, str]]:
    """The places of the findings, and the names of their checks."""
    return [(f.file, f.line, f.message.rpartition(" ")[2][1:-1]) for f in found(folder)]


def write(folder: Path, text: str, name: str = "osmem.c") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return folder


# ---- Findings ------------------------------------------------------------------------------------

UNUSED = "int f(int x);\n\nint f(int x)\n{\n    int unused;\n    return x;\n}\n"


@pytest.mark.parametrize("sources", [ROOT / "src", ROOT / "tests" / "plain"])
def test_good_sources_have_none(sources: Path) -> None:
    assert not found(sources)


def test_each_tool_has_findings(tmp_path: Path) -> None:
    text = "int f(int x);\n\nint f(int x) \n{\n    int unused;\n    x = x;\n    return x;\n}\n"
    assert {(f.tool, f.file, f.line, f.message) for f in found(write(tmp_path, text))} == {
        ("gcc", "osmem.c", 5, "unused variable 'unused' [-Wunused-variable]"),
        ("cppcheck", "osmem.c", 6, "Redundant assignment of 'x' to itself. [selfAssignment]"),
        (
            "cpplint",
            "osmem.c",
            3,
            "Line ends in whitespace. Consider deleting these extra spaces."
            " [whitespace/end_of_line]",
        ),
    }


def test_a_header_is_reported_once_and_relative_to_the_sources(tmp_path: Path) -> None:
    write(tmp_path, UNUSED, "include/part.h")
    for name in ("one.c", "two.c"):
        write(tmp_path, '#include "part.h"\n', name)
    gcc = [f for f in found(tmp_path) if f.tool == "gcc"]
    assert [(f.file, f.line) for f in gcc] == [("include/part.h", 5)]


def test_our_files_in_other_folders_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, UNUSED, "utils/printf.h")
    write(tmp_path, '#include "printf.h"\n', "src/osmem.c")
    assert not found(tmp_path / "src", {"../utils": tmp_path / "utils"})


def test_the_same_sources_give_the_same_findings(tmp_path: Path) -> None:
    for name in ("b.c", "a.c", "z/c.c"):
        write(tmp_path, UNUSED, name)
    first = found(tmp_path)
    assert first == found(tmp_path)
    assert [f.file for f in first] == sorted(f.file for f in first)
    assert len(set(first)) == len(first)


def test_only_the_first_findings_are_kept(tmp_path: Path) -> None:
    assert len(found(write(tmp_path, "int  x;  \n" * 1000))) == MOST_FINDINGS


def test_endless_findings_of_our_own_take_little_memory(tmp_path: Path) -> None:
    write(tmp_path, "#1\n" * 300_000, "unused.h")
    sources = Sources({SOURCES: tmp_path}, ("unused.h",), (), (), b"")
    tracemalloc.start()
    findings = find_style(sources, lambda command, shown: "\nstatus 0")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(findings) == MOST_FINDINGS
    assert peak < 64 << 20


def test_a_makefiles_feature_macros_may_be_in_the_source_too(tmp_path: Path) -> None:
    text = "#define _GNU_SOURCE\n#include <sys/mman.h>\n\nint f(void);\n"
    assert not found(write(tmp_path, text))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("osmem.c", f"#pragma GCC system_header\n{UNUSED}"),
        ("osmem.c", f'#pragma GCC diagnostic ignored "-Wunused-variable"\n{UNUSED}'),
        ("osmem.c", f'#line 1 "/usr/include/stdio.h"\n{UNUSED}'),
        ("osmem.c", f'_Pragma("GCC diagnostic ignored \\"-Wunused-variable\\"")\n{UNUSED}'),
        ("osmem.c", f'%:pragma GCC diagnostic ignored "-Wunused-variable"\n{UNUSED}'),
        ("osmem.c", f'%\\\n: /**/ pragma GCC diagnostic ignored "-Wunused-variable"\n{UNUSED}'),
        ("osmem.c", f'#pra\\\ngma GCC /*\n*/ diagnostic ignored "-Wunused-variable"\n{UNUSED}'),
        ("osmem.c", f'_Pra\\\ngma("GCC diagnostic ignored \\"-Wunused-variable\\"")\n{UNUSED}'),
        (
            "osmem.c",
            "#define PASTED(a, b) a##b\n"
            f'PASTED(_Pra, gma)("GCC diagnostic ignored \\"-Wunused-variable\\"")\n{UNUSED}',
        ),
        ("osmem.c", f'%: 1 "/usr/include/stdio.h"\n{UNUSED}'),
        ("osmem.c", f'/* ??/\n*/ #\\ \nline 1 "/usr/include/stdio.h"\n{UNUSED}'),
        ("x: warning: y.c", UNUSED),
        ("new\nline.c", UNUSED),
        ("-Wno-all.c", UNUSED),
    ],
)
def test_tools_can_not_be_silenced(tmp_path: Path, name: str, text: str) -> None:
    assert found(write(tmp_path, text, name))


@pytest.mark.parametrize(
    "text",
    [
        '/* #pragma GCC diagnostic ignored "-Wunused" */\nint x;\n',
        'char *x = "\\\n#pragma GCC diagnostic ignored";\n',
        "/* as\n# 1 is\n */\nint x;\n",
    ],
)
def test_what_only_looks_like_a_silencer_is_none(tmp_path: Path, text: str) -> None:
    assert "silencer" not in [check for _, _, check in places(write(tmp_path, text))]


def test_a_silencer_is_found_in_its_line(tmp_path: Path) -> None:
    text = 'int x; /*\n*/ int y; \\\n\n%:pragma GCC diagnostic ignored "-Wunused"\n'
    assert ("osmem.c", 4, "silencer") in places(write(tmp_path, text))


def test_a_literal_that_is_not_closed_hides_no_silencer(tmp_path: Path) -> None:
    text = '#if 0\ndon\'t /*\n#endif\n#pragma GCC diagnostic ignored "-Wunused"\n'
    write(tmp_path, "int x;\n")
    write(tmp_path, text, "unused.h")
    assert ("unused.h", 4, "silencer") in places(tmp_path)


@pytest.mark.parametrize(
    "condition",
    [
        "#ifdef __GNUC__",
        "#include <stddef.h>\n#ifdef NULL",
        "#if __has_include(<stddef.h>)",
        '#if 1\n/*\n# 1 "x.h" 3\n*/',
    ],
)
def test_cppcheck_reads_what_a_compiler_reads(tmp_path: Path, condition: str) -> None:
    text = "int f(char *p)\n{\n    return p < 0;\n}\n"
    plain = [f.message for f in found(write(tmp_path / "plain", text)) if f.tool == "cppcheck"]
    wrapped = found(write(tmp_path / "wrapped", f"{condition}\n{text}#endif\n"))
    assert [f.message for f in wrapped if f.tool == "cppcheck"] == plain != []


def test_cpplint_listens_to_no_one_else(tmp_path: Path) -> None:
    write(tmp_path, "int x; \n")
    loud = found(tmp_path)
    write(tmp_path, "set noparent\nexclude_files=.*\nfilter=-\n", "CPPLINT.cfg")
    write(tmp_path, "raise SystemExit(0)\n", "cpplint.py")
    assert [f.tool for f in loud] == ["cpplint"]
    assert found(tmp_path) == loud
    write(tmp_path, "int x;  // NOLINT \n")
    assert [f.tool for f in found(tmp_path)] == ["cpplint"]


def test_hostile_text_is_made_harmless(tmp_path: Path) -> None:
    write(tmp_path, '#warning "\x1b[2J\x9b<b>\u202e"\n', "os\x1b[2Jmem.c")
    write(tmp_path, '#warning "\x1b[2J\x9b<b>\u202e"\n')
    findings = found(tmp_path)
    assert {f.file for f in findings} == {"osmem.c", "os\ufffd[2Jmem.c"}
    assert all((f.file + f.message).isprintable() for f in findings)


def test_links_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, UNUSED, "elsewhere/osmem.c")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "osmem.c").symlink_to(tmp_path / "elsewhere" / "osmem.c")
    (tmp_path / "src" / "sub").symlink_to(tmp_path / "elsewhere")
    assert not found(tmp_path / "src")


@pytest.mark.parametrize(
    "message",
    [
        "",
        "osmem.c:1:1: warning: x",
        "\nstatus 127",
        "\nstatus 137",
        "gcc: fatal error: Killed signal terminated program cc1\n\nstatus 1",
        "virtual memory exhausted: Cannot allocate memory\n\nstatus 1",
        "Traceback (most recent call last):\nMemoryError\n\nstatus 1",
    ],
)
def test_a_tool_that_did_not_end_is_no_sign_of_style(tmp_path: Path, message: str) -> None:
    sources = read_sources(write(tmp_path, "int x;\n"), {}, unboxed)
    with pytest.raises(StyleError, match="^gcc did not run to its end"):
        find_style(sources, lambda command, shown: message)


def test_sources_that_were_read_in_part_are_no_sign_of_style(tmp_path: Path) -> None:
    write(tmp_path, "int x;\n")
    with pytest.raises(StyleError, match="^the preprocessor did not run to its end"):
        read_sources(tmp_path, {}, lambda command, shown: unboxed(command, shown)[:-4])


# ---- The files that are judged -------------------------------------------------------------------


def functions(folder: Path, *units: str) -> set[str]:
    """The functions of the library that C files make, if these are the units of the one tested."""
    listing = "".join(f"{unit} a 0 \n" for unit in units)
    library = folder.parent / "libosmem.so"
    library.write_bytes(read_sources(folder, {}, unboxed, listing).library)
    command = ["nm", "-D", "--defined-only", str(library)]
    listed = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return set(re.findall(r" T (\w+)", listed.stdout.decode()))


@pytest.mark.parametrize("name", ["part.txt", "part.inc", "sub/part"])
def test_what_is_included_is_judged_whatever_its_name(tmp_path: Path, name: str) -> None:
    src = tmp_path / "src"
    write(src, UNUSED.replace("return x;", "return x; "), name)
    write(src, f'#include "{name}"\n')
    findings = {(f.file, f.line, f.tool) for f in found(src)}
    assert findings == {(name, 5, "gcc"), (name, 6, "cpplint")}


def test_what_is_added_to_utils_is_judged(tmp_path: Path) -> None:
    src, utils = tmp_path / "src", tmp_path / "utils"
    shutil.copytree(UTILS, utils)
    write(utils, UNUSED, "part.h")
    write(utils, UNUSED.replace("f(", "g("), "more/part.inc")
    write(utils, UNUSED.replace("f(", "h("), "part.c")
    write(src, '#include "osmem.h"\n#include "part.h"\n#include "more/part.inc"\n')
    findings = {(f.file, f.line, f.tool) for f in found(src, {"../utils": utils})}
    names = ("part.h", "more/part.inc", "part.c")
    assert findings == {(f"../utils/{name}", 5, "gcc") for name in names}


def test_the_c_files_make_a_library(tmp_path: Path) -> None:
    src = tmp_path / "src"
    write(src, UNUSED)
    write(src, "int broken(void) { return missing; }\n", "broken.c")
    write(src, "int main(void)\n{\n    return 0;\n}\n", "main.c")
    write(src, UNUSED.replace("f(", "ugly("), "ugly.txt")
    assert functions(src) == {"f", "main"}


def test_a_backup_beside_the_sources_does_no_harm(tmp_path: Path) -> None:
    src = tmp_path / "src"
    write(src, UNUSED)
    write(src, UNUSED.replace("f(", "g("), "backup/osmem.c")
    write(src, UNUSED.replace("f(", "h("), "a-former-osmem.c")
    assert functions(src, "osmem.c") >= {"f"}
    assert "h" not in functions(src, "osmem.c")
    assert {f.file for f in found(src)} == {"osmem.c", "backup/osmem.c", "a-former-osmem.c"}


@pytest.mark.parametrize(
    "text",
    [
        '__asm__(".incbin \\"f.bin\\"");',
        'asm("f: .byte 1");',
        '__asm ("f:" "ret;" "nop");',
        '__asm__ volatile\n(\n"f:\\n"\n"g:");',
        '#define PASTED(a, b) a##b\nPASTED(as, m)("f: .byte 1");',
        'int x __asm__("" "y"); __asm__(".incbin \\"f.bin\\"");',
        'int x asm("x\\n.incbin \\"f.bin\\"");',
        '__attribute__((section(".text"))) int x = 0xc3;',
        '__attribute__((__section__(".text,\\"ax\\"#"))) int x = 0xc3;',
        '__attribute__((section\n((".text")))) int x = 0xc3;',
        'static int f(void) __attribute__((weakref("g\\n.incbin \\"f.bin\\"")));',
        '#ident "\\"\\n.text\\nf: ret\\n.ascii \\""',
        '%:sccs "\\"\\n.incbin \\"f.bin\\""',
        '#pragma GCC pch_preprocess "f.bin"',
        '_Pragma("GCC pch_preprocess \\"f.bin\\"")',
    ],
)
def test_what_a_compiler_hands_on_unread_is_noticed(tmp_path: Path, text: str) -> None:
    write(tmp_path, f"{text}\n")
    assert read_sources(tmp_path, {}, unboxed).unread


@pytest.mark.parametrize(
    "text",
    [
        "#define _FILE_OFFSET_BITS 64\n#include <stdio.h>\n#include <pthread.h>",
        'void f(void) { __asm__ volatile("" ::: "memory"); }',
        'void f(void) { asm("pause"); }',
        '#ident "osmem.c 1.2 (b)"',
        "int section(const char *s);\nint g(void) { return section(0); }",
        '/* asm("f: .byte 1") */ const char *s = "assembly (no)";',
    ],
)
def test_names_and_barriers_in_assembly_language_are_harmless(tmp_path: Path, text: str) -> None:
    write(tmp_path, f"{text}\n")
    assert not read_sources(tmp_path, {}, unboxed).unread


# ---- The same on every machine -------------------------------------------------------------------

SAMPLE = Path(__file__).parent / "style"
"""Sources in which every check finds something, and a list of all findings."""
LISTED = {*GCC_CHECKS, *CPPCHECK_CHECKS, *CPPLINT_CHECKS}


def test_the_sample_has_what_was_found_on_other_machines() -> None:
    lines = [f"{file}:{line} {check}" for file, line, check in places(SAMPLE)]
    assert lines == (SAMPLE / "findings.txt").read_text().splitlines()


def test_each_check_finds_something_in_the_sample() -> None:
    assert {check for _, _, check in places(SAMPLE)} == LISTED | {"compile"}


def test_students_can_read_what_the_checks_are() -> None:
    page = (ROOT / "docs" / "style-points.md").read_text()
    rows = [line.split("|")[2] for line in page.splitlines() if line.startswith("| ")]
    assert sorted(re.findall(r"`(\S+)`", "".join(rows))) == sorted(LISTED)


@pytest.mark.parametrize(
    "body",
    [
        "int *p = 0;\n    return *p + x;",  # nullPointer
        "int y;\n    return x + y;",  # uninitvar
        "if (x < 0)\n        return 1;\n    if (x < 0)\n        return 2;\n    return 0;",
        "char c = 1000;\n    return x + c;",  # -Woverflow, which is on by default
    ],
)
def test_what_is_not_listed_does_not_count(tmp_path: Path, body: str) -> None:
    assert not found(write(tmp_path, f"int f(int x);\n\nint f(int x)\n{{\n    {body}\n}}\n"))


def test_notes_do_not_count(tmp_path: Path) -> None:
    """Newer versions of cppcheck note unchecked branches, and gcc notes declarations."""
    branches = "".join(f"    if (x == {n})\n        x = g(x);\n" for n in range(40))
    function = f"int f(int x)\n{{\n{branches}    return g(&x);\n}}\n"
    write(tmp_path, f"int f(int x);\nint g(int x);\n\n{function}")
    assert places(tmp_path) == [("osmem.c", 86, "-Wint-conversion")]


@pytest.mark.parametrize(
    "text",
    [
        "int f(int x)\n{\n    int a\n    return x;\n}\n\nint g(\n",
        f'#include "no_such_file.h"\n\n{UNUSED}',
        f'#include "part.h"\n\n{UNUSED}',
        f"#error use make\n{UNUSED}",
        "int f(void);\n\nint f(void)\n{\n    int a = b;\n\n    return c + d.e;\n}\n",
    ],
)
def test_what_does_not_compile_counts_once(tmp_path: Path, text: str) -> None:
    write(tmp_path, "struct missing part;\nint part(missing);\nint missing[-1];\n", "part.h")
    write(tmp_path, UNUSED, "fine.c")
    write(tmp_path, text)
    assert places(tmp_path) == [("fine.c", 5, "-Wunused-variable"), ("osmem.c", 0, "compile")]


def test_the_first_error_is_reported(tmp_path: Path) -> None:
    write(tmp_path, "int f(void);\n\nint f(void)\n{\n    return missing;\n}\n")
    (finding,) = found(tmp_path)
    assert finding.message.startswith("does not compile: osmem.c:5: 'missing' undeclared")


def test_a_check_finds_one_thing_in_a_line(tmp_path: Path) -> None:
    write(tmp_path, UNUSED.replace("unused;", "unused, unneeded, unwanted;"))
    assert places(tmp_path) == [("osmem.c", 5, "-Wunused-variable")]


def test_no_file_causes_findings_in_another(tmp_path: Path) -> None:
    write(tmp_path, '#pragma message "\\n1:status 1\\n1:x.c:1: error: x\\n1:"\n\nint x;\n', "a.c")
    write(tmp_path, UNUSED, "b.c")
    assert places(tmp_path) == [("b.c", 5, "-Wunused-variable")]


# ---- Rules ---------------------------------------------------------------------------------------

TABLE = {"points": 10, "least_test_points": 45, "bands": [[0, 10], [5, 8], [15, 5], [30, 2]]}
RULES = StyleRules(10, 45, ((0, 10), (5, 8), (15, 5), (30, 2)))
PATH = Path("some/suite.toml")


def test_a_table_is_read() -> None:
    assert read_style(PATH, TABLE) == RULES


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": "10"}, "points: expected a whole number, 0 or more, found '10'"),
        ({"points": True}, "points: expected a whole number"),
        (
            {"least_test_points": -1},
            "least_test_points: expected a whole number, 0 or more, found -1",
        ),
        ({"least": 1}, "expected one of points, least_test_points, bands, found 'least'"),
        ({"bands": 3}, "bands: expected a list of pairs"),
        ({"bands": [[0, 10, 1]]}, "bands: expected a list of pairs"),
        ({"bands": [[0, 1.5]]}, "bands: points: expected a whole number, 0 or more, found 1.5"),
        ({"bands": [[0, 10], [0, 8]]}, "bands: expected more findings and fewer points"),
        ({"bands": [[0, 8], [5, 8]]}, "bands: expected more findings and fewer points"),
        ({"bands": [[0, 11]]}, "at most 10 points"),
        ({"bands": [[200, 5]]}, "fewer than 200 findings"),
    ],
)
def test_a_wrong_table_is_an_error(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SuiteError) as error:
        read_style(PATH, TABLE | change)
    assert str(error.value).startswith("some/suite.toml: style: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("key", TABLE)
def test_an_incomplete_table_is_an_error(key: str) -> None:
    with pytest.raises(SuiteError, match=f"{key}: expected .*, found None"):
        read_style(PATH, {k: v for k, v in TABLE.items() if k != key})


@pytest.mark.parametrize(
    ("findings", "points"), [(0, 10), (1, 8), (5, 8), (6, 5), (15, 5), (16, 2), (30, 2), (31, 0)]
)
def test_points_depend_on_the_number_of_findings(findings: int, points: int) -> None:
    given = [Finding("gcc", "osmem.c", line, "x") for line in range(findings)]
    style = judge_style(given, RULES)
    assert (style.points, style.max_points, style.note) == (points, 10, "")
    assert style.findings == tuple(given)


def test_no_points_for_the_style_of_what_does_not_work() -> None:
    style = unearned(44, RULES)
    assert style is not None and style.points == 0
    assert style.note == "needs 45 points for tests, found 44"
    assert unearned(45, RULES) is None
