"""Runs of a test program under any mistakes of the plain implementation, a thousand a second.

The program is started once, with the library of tests/recorder, which forks for each run.
"""

from __future__ import annotations

import os
import signal
import struct
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UserError
from harness.execution.build import BUILD, LIBRARY, ROOT, make
from harness.execution.build_error import BuildError
from harness.execution.kit import UTILS
from harness.specification.policy import Policy
from harness.suite import Suite
from harness.trace.canonical import canonicalise
from harness.trace.events import Entered, Event, Exited, Killed, Returned, SystemCall
from harness.trace.signatures import ALLOCATOR, FUNCTIONS, SYSTEM_CALLS
from harness.trace.trace import Trace, gather
from harness.trace.words import signed_int, signed_result

_SOURCES = ROOT / "tests" / "recorder"
_REQUEST = struct.Struct("<Q496s")
_EVENT = struct.Struct("<9Q")
_AT_ONCE = 64
"""So many requests and answers fit into a pipe."""
_ENDED = 0
_MEMORY = 512 << 20
_CALLS = ("brk", "mmap", "munmap")


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a run: equal hashes stand for equal traces."""

    hash: int
    status: int
    """As wait() has it."""
    in_loop: bool
    asked: bytes
    """For each mistake, by its number, 1 if the implementation asked whether to make it."""


def build_recorder(policy: Policy) -> Path:
    """Build the recorder, and return its library. Raises `UserError`."""
    definitions = policy.definitions()
    folder = BUILD / "".join(("recorder", *definitions))
    folders = {"UTILS_PATH": UTILS, "OUT": folder}
    errors = make(_SOURCES, folders, [folder / LIBRARY], f"POLICY={' '.join(definitions)}")
    if errors is not None:
        first = next(iter(errors.splitlines()), "make failed")
        raise UserError(f"the recorder could not be built: {first}")
    return folder / LIBRARY


class Recorder:
    """A program that runs again and again, under the policy of a suite."""

    def __init__(self, library: Path, program: Path, mistakes: int, policy: Policy) -> None:
        self._mistakes = mistakes
        self._answer = struct.Struct(f"<QiII{(mistakes + 7) // 8 * 8}s4x")
        read_requests, self._requests = os.pipe()
        self._answers, write_answers = os.pipe()
        limited = ["setarch", "-R", "prlimit", f"--as={_MEMORY}", "--core=0"]
        # Not in our own environment, or else setarch would load the recorder, too.
        variables = [
            "LD_BIND_NOW=1",
            f"LD_LIBRARY_PATH={library.parent}",
            f"LD_PRELOAD={library}",
            f"OSMEM_CONF={policy.as_conf()}",
            f"RECORDER_IN={read_requests}",
            f"RECORDER_OUT={write_answers}",
        ]
        self._process = subprocess.Popen(
            [*limited, "env", *variables, str(program)],
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            pass_fds=(read_requests, write_answers),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read_requests)
        os.close(write_answers)

    def close(self) -> None:
        """End the program."""
        os.close(self._requests)
        os.close(self._answers)
        self._process.wait()

    def run_all(self, sets: Sequence[Sequence[str]]) -> Iterator[Ran]:
        """Yield what comes of each set of mistakes."""
        for start in range(0, len(sets), _AT_ONCE):
            some = sets[start : start + _AT_ONCE]
            os.write(self._requests, b"".join(self._request(names, False) for names in some))
            for _ in some:
                yield self._read_answer()[0]

    def run(self, mistakes: Sequence[str]) -> Ran:
        """Run the program with these mistakes."""
        return next(self.run_all([mistakes]))

    def trace(self, mistakes: Sequence[str]) -> Trace:
        """Return the trace of a run with these mistakes."""
        os.write(self._requests, self._request(mistakes, True))
        ran, count = self._read_answer()
        content = self._read(count * _EVENT.size)
        return gather(canonicalise([*_events(content), _end(ran)]))

    def _request(self, mistakes: Sequence[str], with_events: bool) -> bytes:
        return _REQUEST.pack(with_events, ",".join(mistakes).encode())

    def _read_answer(self) -> tuple[Ran, int]:
        content = self._answer.unpack(self._read(self._answer.size))
        hashed, status, end, events, asked = content
        return Ran(hashed, status, end != _ENDED, asked), events

    def _read(self, size: int) -> bytes:
        content = b""
        while len(content) < size:
            more = os.read(self._answers, size - len(content))
            if not more:
                raise UserError(f"{self._process.args!r}: the recorder ended early")
            content += more
        return content


@contextmanager
def recorders(
    suite: Suite, programs: Mapping[str, Path | BuildError], mistakes: int
) -> Iterator[dict[str, Recorder]]:
    """Yield a recorder for each test of a suite, by its name, for so many known mistakes. Raises
    `UserError`."""
    library = build_recorder(suite.policy)
    with ExitStack() as stack:
        found = {}
        for test in suite.tests:
            program = programs[test.name]
            if isinstance(program, BuildError):
                raise UserError(f"the program of a test could not be built: {program}")
            recorder = Recorder(library, program, mistakes, suite.policy)
            found[test.name] = stack.enter_context(closing(recorder))
        yield found


def _end(ran: Ran) -> Event:
    """A tracer kills what runs for too long."""
    if ran.in_loop or os.WIFSIGNALED(ran.status) and os.WTERMSIG(ran.status) == signal.SIGPROF:
        return Killed("SIGKILL")
    if os.WIFSIGNALED(ran.status):
        return Killed(signal.Signals(os.WTERMSIG(ran.status)).name)
    return Exited(os.WEXITSTATUS(ran.status))


def _events(content: bytes) -> Iterator[Event]:
    function = FUNCTIONS[0]
    for kind, name, *args, result in _EVENT.iter_unpack(content):
        if kind == 0:
            function = FUNCTIONS[name]
            yield Entered(function, tuple(args[: len(ALLOCATOR[function].parameters)]))
        elif kind == 1:
            yield Returned(None if ALLOCATOR[function].result is None else result)
        else:
            call = _CALLS[name]
            given = args[: len(SYSTEM_CALLS[call].parameters)]
            if call == "mmap":
                given[4] = signed_int(given[4])
            yield SystemCall(call, tuple(given), signed_result(result))
