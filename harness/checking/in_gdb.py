"""The commands `osmem start` and `osmem blocks`, for gdb.

gdb reads this file into a Python of its own, where nothing of the checker can be imported.
`harness.checking.debugging` says how gdb is started; it sets $osmem_alignment, of which sizes in
the heap are multiples.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gdb

_FUNCTIONS = ("os_malloc", "os_calloc", "os_realloc", "os_free")
_STATUSES = {0: "free", 1: "used", 2: "mapped"}
"""Those of utils/block_meta.h."""


class _CallCounter:
    """Counts the calls that the program makes, as the trace of a test counts them."""

    def __init__(self, last: int) -> None:
        self._left = last
        self._callees: dict[int, str] = {}

    def count(self, function: str) -> None:
        """Count the call that has just begun, if the program makes it."""
        caller = gdb.newest_frame().older()
        if caller is None or gdb.solib_name(place := int(caller.pc())) is not None:
            return  # the library calls itself
        # A place of the program calls one function only; another one is a tail call of the library.
        if self._callees.setdefault(place, function) == function:
            self._left -= 1

    def stops(self) -> bool:
        """Return whether the last call has begun, once."""
        if self._left != 0:
            return False
        self._left = -1
        return True


class _Entry(gdb.Breakpoint):
    """Counts the calls of a function, at its first instruction, which each call passes once."""

    def __init__(self, function: str, counter: _CallCounter) -> None:
        super().__init__(f"*{function}", internal=True)
        self._function = function
        self._counter = counter

    def stop(self) -> bool:
        """Count, and go on."""
        self._counter.count(self._function)
        return False


class _Body(gdb.Breakpoint):
    """Stops in a function once the last call has begun, where its arguments can be read."""

    def __init__(self, function: str, counter: _CallCounter) -> None:
        super().__init__(function, internal=True)
        self._counter = counter

    def stop(self) -> bool:
        """Return whether gdb stops here."""
        return self._counter.stops()


class _Osmem(gdb.Command):
    """Commands for the heap of a test program."""

    def __init__(self) -> None:
        super().__init__("osmem", gdb.COMMAND_DATA, prefix=True)


class _Start(gdb.Command):
    """Run the program up to a call: osmem start CALL FILE LINE VISITS.

    Stops at the line when it is reached after so many visits, before the call, and then in the
    function that is called. LINE is 0 if it is not known.
    """

    def __init__(self) -> None:
        super().__init__("osmem start", gdb.COMMAND_RUNNING)

    def invoke(self, argument: str, from_tty: bool) -> None:
        """Start the program, set the breakpoints, and go on to the first of them."""
        call, file, line, visits = gdb.string_to_argv(argument)
        gdb.Breakpoint("main", internal=True, temporary=True).silent = True
        gdb.execute("run", to_string=True)
        if int(line):
            gdb.Breakpoint(f"-source {file} -line {line}").ignore_count = int(visits)
        counter = _CallCounter(int(call))
        for kind in (_Entry, _Body):
            for function in _FUNCTIONS:
                kind(function, counter)
        gdb.execute("continue")


class _Blocks(gdb.Command):
    """Print the blocks of the heap: address, size and status, as the headers have them.

    The allocator has to put a struct block_meta in front of each block.
    """

    def __init__(self) -> None:
        super().__init__("osmem blocks", gdb.COMMAND_DATA)

    def invoke(self, argument: str, from_tty: bool) -> None:
        """Print a line for each block, or one line that says why there is none."""
        try:
            header = _header_type()
            start, end = _heap()
        except (LookupError, OSError, gdb.error) as error:
            print(f"osmem blocks: {error}")
            return
        count = 0
        print(f"{'block':18}  {'in the heap':14}  {'size':>8}  status")
        for line in _lines(header, start, end):
            count += 1
            print(line)
        print(f"{count} lines; the heap ends at {end:#x}, heap+{end - start:#x}")


def _header_type() -> gdb.Type:
    """Return the struct block_meta of the library. Raises `LookupError` or `gdb.error`."""
    _, places = gdb.decode_line("os_malloc")
    symtab = places[0].symtab if places else None
    if symtab is None:
        raise LookupError("libosmem.so has no debug information; build it with -g")
    header = gdb.lookup_type("struct block_meta", symtab.static_block())
    if {"size", "status"} <= {field.name for field in header.fields()}:
        return header
    raise LookupError("struct block_meta has no size and status, so blocks can't be read")


def _heap() -> tuple[int, int]:
    """Return where the heap begins and ends. Raises `LookupError`, `OSError` or `gdb.error`."""
    maps = Path(f"/proc/{gdb.selected_inferior().pid}/maps")
    if not maps.exists():
        raise LookupError("the program is not running")
    rows = [line.split() for line in maps.read_text(encoding="utf-8").splitlines()]
    starts = [row[0].split("-")[0] for row in rows if row[-1] == "[heap]"]
    if not starts:
        raise LookupError("the heap is empty")
    return int(starts[0], 16), int(gdb.parse_and_eval("((char *(*)(long))sbrk)(0)"))


def _lines(header: gdb.Type, start: int, end: int) -> Iterator[str]:
    """Yield a line for each block, one after the other, and for what is no block."""
    alignment = int(gdb.parse_and_eval("$osmem_alignment"))
    at = start
    while at + header.sizeof <= end:
        block = gdb.Value(at).cast(header.pointer()).dereference()
        size, status = int(block["size"]), int(block["status"])
        payload = at + header.sizeof
        where = f"{payload:#018x}  {f'heap+{payload - start:#x}':14}"
        if payload + size > end or status not in _STATUSES:
            yield f"{where}  no header: size {size}, status {status}"
            return
        yield f"{where}  {size:8}  {_STATUSES[status]}"
        at = payload + size + -size % alignment


_Osmem()
_Start()
_Blocks()
