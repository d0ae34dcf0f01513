"""The findings of gcc, cppcheck and cpplint in untrusted sources, the same on every machine.

The caller provides a `ToolRunner`, which runs the tools in a sandbox. Their output is untrusted,
too: the submission may have written it.

Only the checks of `harness.grading.style_checks` count. If a unit does not compile, no other
finding in it counts, because these differ from version to version.
"""

from __future__ import annotations

import os
import re
import shlex
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from harness.errors import UserError
from harness.grading.style_checks import CPPCHECK_CHECKS, CPPLINT_CHECKS, GCC_CHECKS, OTHER_NAMES
from harness.results.grade import Finding
from harness.text import printable

_MESSAGE_LENGTH = 300
_LINE_LENGTH = 100


class StyleError(UserError):
    """A tool did not run to its end: too few findings must not be taken for good style. The message
    is one line."""


class NotAllJudged(StyleError):
    """What was judged is not all that the library is made of. The message is one line."""


class ToolRunner(Protocol):
    """Runs a tool on untrusted sources."""

    def __call__(self, command: Sequence[str], shown: Mapping[str, Path]) -> str:
        """Run a command with LC_ALL=C, and return its standard output or the beginning of it.
        ``shown`` names the folders that it has to see, by their paths in its sandbox. Raises
        `StyleError` if the command does not end with status 0.
        """


def make_finding(tool: str, file: str, line: int, message: str, check: str) -> Finding:
    """Return a finding in printable text, whose message ends with the name of its check."""
    text = printable(" ".join(message.split()))[:_MESSAGE_LENGTH]
    return Finding(tool, printable(file), line, f"{text} [{check}]")


# ---- Commands ------------------------------------------------------------------------------------

SOURCES = "../sources"
"""The path at which the tools see the submission."""

_COMPILER = (
    "gcc",
    "-fsyntax-only",
    "-std=gnu11",
    "-D_GNU_SOURCE",
    "-fsigned-char",  # machines differ in this
    "-fpermissive",  # or gcc 14 would refuse what gcc 13, which ignores this, only warns of
    "-fmax-errors=1",
    *GCC_CHECKS,
    "-Wsystem-headers",  # or '#pragma GCC system_header' would silence a header
    "-fno-diagnostics-show-caret",
    "-fdiagnostics-color=never",
)
_CPPCHECK = (
    "cppcheck",
    "--quiet",
    "--enable=warning,style,performance,portability",
    "--std=c11",
    "--platform=unix64",
    "-D_GNU_SOURCE",
    r"--template={file}\t{line}\t{message} [{id}]",
)
_CPPCHECK_EACH = r"""work=$(mktemp -d 2>/dev/null || mktemp -d -p .)
number=0
for unit; do
    {resolve} "$unit" >"$work/resolved" 2>/dev/null &&
        gcc -fpreprocessed -dD -E -x c "$work/resolved" >"$work/bare" 2>/dev/null &&
        awk '/^# [0-9]+ "/ {{
                skip = /^# [0-9]+ "(<|[^"]*" .*3)/
                sub(/"[ 0-9]*$/, "\"") # cppcheck knows no more
            }}
            !skip' "$work/bare" >"$work/$number.c" || exit 2
    number=$((number + 1))
done
{cppcheck} "$work"/*.c
status=$?
rm -rf "$work"
exit $status"""
"""cppcheck knows few of the macros that a compiler does. So a compiler decides what it reads, and
leaves out comments and the system's headers; macros are left as they are."""
_RESOLVE = ("gcc", "-E", "-fdirectives-only", "-std=gnu11", "-D_GNU_SOURCE", "-fpermissive", "-w")
_CPPLINT = (
    "/usr/bin/python3",
    "-I",  # or it would import a cpplint.py among the sources
    "-c",
    # A submission could silence it by a CPPLINT.cfg beside the sources, or by NOLINT in them; no
    # option prevents either.
    "import cpplint\n"
    "cpplint.ProcessConfigOverrides = lambda *_: True\n"
    "cpplint.ParseNolintSuppressions = lambda *_: None\n"
    "cpplint.main()",
    "--quiet",
    f"--linelength={_LINE_LENGTH}",
    "--filter=" + ",".join(["-", *(f"+{check}" for check in CPPLINT_CHECKS)]),
)

_APPEND_STATUS = ("sh", "-c", '"$@" 2>&1; printf "\\nstatus %s" $?', "sh")
_COMPILE_EACH = r"""number=0
for unit; do
    output=$({compiler} "$unit" 2>&1)
    printf '%s\nstatus %s\n' "$output" $? | sed "s/^/$number:/"
    number=$((number + 1))
done"""
"""Each line begins with the number of its unit, so that no source can cause findings in another."""
_ENDED = ("status 0", "status 1")
"""The last lines of tools that ran to their end."""
_BROKEN = re.compile(
    r"^(gcc: |cc1: out of memory|virtual memory exhausted|Traceback ).*", re.MULTILINE
)
"""Output from which one sees that a part of a tool, such as the compiler proper, was killed."""


def _require_end(tool: str, output: str, status: str) -> None:
    broken = _BROKEN.search(output)
    if broken or status not in _ENDED:
        found = printable(broken[0] if broken else status)[:_MESSAGE_LENGTH]
        raise StyleError(f"{tool} did not run to its end: found {found!r}")


# ---- Their output --------------------------------------------------------------------------------

_WHERE = r"(?P<file>[^:\t]+)[:\t](?P<line>[0-9]{1,9})"
_ERROR = re.compile(_WHERE + r":(?:[0-9]+:)? (?:fatal )?error: (?P<message>.*)")
_FINDINGS = {
    "gcc": (
        re.compile(
            _WHERE + r":(?:[0-9]+:)? warning: "
            # gcc 14 has a check for this, and gcc 13 has none.
            r"(?!pointer(?:/integer)? type mismatch in conditional expression)"
            r"(?P<message>.*) \[(?P<check>-W[a-z-]+)(?:=[^][]*)?\]"
        ),
        frozenset(GCC_CHECKS),
    ),
    "cppcheck": (
        re.compile(_WHERE + r"\t(?P<message>.*) \[(?P<check>\w+)\]"),
        frozenset(CPPCHECK_CHECKS),
    ),
    "cpplint": (
        re.compile(_WHERE + r":  (?P<message>.*) \[(?P<check>[a-z0-9_/]+)\] \[[0-9]\]"),
        frozenset(CPPLINT_CHECKS),
    ),
}
"""The line of a finding, and the checks that count, for each tool."""


def _findings(tool: str, output: str, judged: Collection[str]) -> Iterator[Finding]:
    """Yield the findings in a tool's output, except those in files outside of the sources that are
    not ``judged`` by themselves."""
    line, checks = _FINDINGS[tool]
    for match in filter(None, map(line.fullmatch, output.split("\n"))):
        check = OTHER_NAMES.get(match["check"], match["check"])
        file = os.path.relpath(match["file"], SOURCES)
        if check in checks and (file.split("/")[0] != ".." or file in judged):
            yield make_finding(tool, file, int(match["line"]), match["message"], check)


def _refusal(unit: str, output: str) -> Finding:
    """Return the finding that a unit does not compile, with the first error."""
    error = next(filter(None, map(_ERROR.fullmatch, output.split("\n"))), None)
    if error is None:
        raise StyleError(f"gcc did not run to its end: found no error in {unit!r}")
    where = f"{error['file'].removeprefix(SOURCES + '/')}:{error['line']}"
    message = f"does not compile: {where}: {error['message']}"
    return make_finding("gcc", os.path.relpath(unit, SOURCES), 0, message, "compile")


def _compile_each(
    units: Sequence[str], paths: Sequence[str], ask: Callable[[str, Sequence[str]], str]
) -> Iterator[tuple[str, str, bool]]:
    """Yield each unit, the compiler's output on it, and whether the compiler accepts it."""
    script = _COMPILE_EACH.format(compiler=shlex.join([*_COMPILER, *paths]))
    lines = defaultdict[str, list[str]](list)
    for line in ask("gcc", ["sh", "-c", script, "sh", *units]).split("\n"):
        number, _, rest = line.partition(":")
        lines[number].append(rest)
    for index, unit in enumerate(units):
        output, _, status = "\n".join(lines[str(index)]).rpartition("\n")
        _require_end("gcc", output, status)
        yield unit, output, status == "status 0"


def search_paths(names: Iterable[str], shown: Mapping[str, Path]) -> list[str]:
    """Return the options that make a compiler find the headers of the sources, and then others."""
    folders = {os.path.dirname(f"{SOURCES}/{name}") for name in names if name.endswith(".h")}
    return [f"-I{path}" for path in dict.fromkeys([SOURCES, *sorted(folders), *shown])]


def tool_findings(
    names: Collection[str], shown: Mapping[str, Path], run: ToolRunner
) -> Iterator[Finding]:
    """Yield the tools' findings in files, which are named relative to `SOURCES`. Some may be equal.
    Raises `StyleError`, and what ``run`` raises."""
    judged = set(names)
    files = [f"{SOURCES}/{name}" for name in names]
    units = [file for file in files if file.endswith(".c")]
    paths = search_paths(names, shown)

    def ask(tool: str, command: Sequence[str]) -> str:
        output, _, status = run([*_APPEND_STATUS, *command], shown).rpartition("\n")
        _require_end(tool, output, status)
        return output

    compiled = []
    for unit, output, accepted in _compile_each(units, paths, ask) if units else ():
        if accepted:
            compiled.append(unit)
            yield from _findings("gcc", output, judged)
        else:
            yield _refusal(unit, output)
    if compiled:
        resolve, cppcheck = shlex.join([*_RESOLVE, *paths]), shlex.join(_CPPCHECK)
        script = _CPPCHECK_EACH.format(resolve=resolve, cppcheck=cppcheck)
        output = ask("cppcheck", ["sh", "-c", script, "sh", *compiled])
        yield from _findings("cppcheck", output, judged)
    if files:
        # What cpplint takes for a suffix, so that it leaves no file out.
        suffixes = sorted({file.rpartition(".")[2] for file in files})
        command = [*_CPPLINT, f"--extensions={','.join(suffixes)}", *files]
        yield from _findings("cpplint", ask("cpplint", command), judged)
