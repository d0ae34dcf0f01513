"""What a test program has checked, held against what it should have checked.

A submission shares its process with the program that tests it. It can change what the program
checks blocks by, but neither the program's code, nor what the code tells the tracer to have
checked: the contents of a block just before a call, with that call, and everything else
just after the call, by unmapping what no program can have. What has to be checked follows from the
calls and their results. tests/snippets/snippet.c is the other side.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from harness.trace.events import Checking, Entered, Event, Returned, SystemCall

_TAG = 0x5E7C
_TAG_AT, _CHECK_AT, _BLOCK_AT = 48, 44, 32
"""The bits of an address at which the tag and the check begin; below is a block's number."""


class _Check(IntEnum):
    """What a program tells beside its calls."""

    FAILED = 1
    KEPT = 2
    ZEROED = 3
    ERRNO_KEPT = 4
    ERRNO_COUNTS = 5
    ADDED = 6


_CHECKS = {check.value: check for check in _Check}


@dataclass(frozen=True, slots=True)
class _Told:
    """A check, and how many bytes of which block it was of."""

    check: _Check
    number: int = 0
    size: int = 0
    digest: int = 0
    """Of their contents, if these had to be kept."""

    def __str__(self) -> str:
        match self.check:
            case _Check.KEPT:
                return f"that {self.size} bytes of block {self.number} were kept"
            case _Check.ZEROED:
                return f"that {self.size} bytes were cleared"
            case _Check.ERRNO_KEPT:
                return "errno"
            case _:
                return "something that failed"


_NOTHING = "nothing"


def told_check(event: SystemCall) -> int | None:
    """Return the number of the check that a system call tells of; None if it tells nothing."""
    if event.name != "munmap" or event.args[0] >> _TAG_AT != _TAG:
        return None
    return event.args[0] >> _CHECK_AT & 0xF


def _told(event: SystemCall) -> _Told | None:
    """Return what a system call tells; None if that is nothing."""
    check = _CHECKS.get(told_check(event) or 0)
    if check is None:
        return None
    address, size = event.args[:2]
    number = address & (1 << _CHECK_AT) - 1
    if check is _Check.KEPT:
        block, kept = divmod(number, 1 << _BLOCK_AT)
        return _Told(check, block, kept, digest=size)
    return _Told(check, number, size)


@dataclass(frozen=True, slots=True)
class Unchecked:
    """A call that the program has checked otherwise than it should have."""

    call: int
    """Its number, from 1."""
    expected: str
    """What the program should have checked."""
    found: str


class _Attestation:
    """Follows the blocks that a program fills and checks, as the program itself does."""

    def __init__(self) -> None:
        self.first: Unchecked | None = None
        self._calls = 0
        self._inside: Entered | None = None
        self._errno_counts = False
        self._added = 0
        """How many blocks there have been, which is the number of the last one."""
        self._blocks: dict[int, tuple[int, int]] = {}
        """The number and the size of each block in use, by its address."""
        self._expected: list[_Told] | None = None
        """What has to be told after the last call; None if that was not to be checked."""
        self._found: list[_Told] = []

    def see(self, event: Event) -> None:
        match event:
            case Entered():
                self.settle()
                self._calls += 1
                self._inside = event
                if event.checking is not None:
                    self._see_block(event, event.checking)
            case Returned(value):
                if self._inside is not None and self._inside.checking is not None:
                    self._expected = self._due(self._inside, self._inside.checking, value or 0)
                self._inside = None
            case SystemCall() if self._inside is None and (told := _told(event)):
                self._see_told(told)

    def settle(self) -> None:
        """Compare what was told since the last call with what was due."""
        if self._inside is not None and self._inside.checking is not None:
            self._note("what the call returned", _NOTHING)
        if self._expected is not None and self._expected != self._found:
            self._note(_listed(self._expected), _listed(self._found))
        self._expected, self._found = None, []

    def _note(self, expected: str, found: str) -> None:
        self.first = self.first or Unchecked(self._calls, expected, found)

    def _see_told(self, told: _Told) -> None:
        match told.check:
            case _Check.ADDED:
                self._added += 1
            case _Check.ERRNO_COUNTS:
                self._errno_counts = True
            case _:
                self._found.append(told)

    def _see_block(self, entered: Entered, checking: Checking) -> None:
        """See whether the block that a call is given was checked just before."""
        if entered.function not in ("os_realloc", "os_free") or entered.args[0] == 0:
            return
        due = self._blocks.get(entered.args[0], (0, 0))
        if due != (checking.number, checking.size):
            self._note(_contents(*due), _contents(checking.number, checking.size))

    def _due(self, entered: Entered, checking: Checking, result: int) -> list[_Told]:
        """Return what a program has to check after a call, and note the blocks that change
        hands."""
        errno = [_Told(_Check.ERRNO_KEPT)] if self._errno_counts else []
        old = None
        if entered.function in ("os_realloc", "os_free"):
            old = self._blocks.pop(entered.args[0], None)
        if entered.function == "os_free":
            return errno
        size = entered.args[-1]
        if entered.function == "os_calloc":
            size *= entered.args[0]
        if (result == 0) != (size == 0):
            return [_Told(_Check.FAILED)]
        if result == 0:
            return []
        self._added += 1
        self._blocks[result] = (self._added, size)
        if old is not None:
            return [*errno, _Told(_Check.KEPT, old[0], min(old[1], size), checking.digest)]
        return [*errno, _Told(_Check.ZEROED, 0, size)] if checking.cleared else errno


def _contents(number: int, size: int) -> str:
    return f"{size} bytes of block {number} before the call" if number else _NOTHING


def _listed(told: Iterable[_Told]) -> str:
    return " and ".join(map(str, told)) or _NOTHING


def first_unchecked(events: Iterable[Event]) -> Unchecked | None:
    """Return the first call that a test program has checked otherwise than it should have; None if
    there is none, or if neither program nor tracer tell. It only means something if the program
    came to its end with status 0."""
    attestation = _Attestation()
    for event in events:
        attestation.see(event)
    attestation.settle()
    return attestation.first
