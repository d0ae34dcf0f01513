"""A heap as a strip of text: its blocks side by side, each with its header, its size and its use.

    │▒ a 400 ████│▒ free 80 ··│▒ c 8 █████│▒ free 130424 ··········│ end
     heap+0x20    heap+0x1d0   heap+0x240  heap+0x268               heap+0x20000

Widths go with sizes as far as every block can have its label; what does not fit into a row goes on
in the next. Under a block stands its address, which is that of its payload.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """A block to draw."""

    address: int
    """The offset of the payload from the start of the heap."""
    size: int
    """The size of the payload."""
    free: bool
    name: str = "used"
    """What a block in use is called."""
    place: str = ""
    """What its address is called; the offset, if empty."""
    inferred: bool = False
    """Whether it is free as far as one can see; the free block may be larger."""
    several: int = 0
    """The number of blocks that it stands for, as a whole; 0 if it is a block of its own."""


@dataclass(frozen=True, slots=True)
class _Ink:
    """The characters of a drawing."""

    bar: str
    header: str
    used: str
    free: str
    foreign: str
    several: str


_UNICODE = _Ink("│", "▒", "█", "·", "╱", "…")
_ASCII = _Ink("|", "#", "=", ".", "/", "~")


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    below: str
    size: int
    """The bytes it stands for, which its width goes with."""
    fill: str

    @property
    def least(self) -> int:
        """The least width, with the bar before it."""
        return max(len(self.text) + 2, len(self.below) + 2)

    def drawn(self, width: int) -> str:
        """Return the cell's part of the strip, without the bar before it."""
        room = width - 1 - len(self.text)
        return f"{self.text} {self.fill * (room - 1)}"


def draw_heap(
    blocks: Sequence[Block],
    end: int,
    header: int,
    width: int,
    ascii_only: bool = False,
    gap: str = "other",
) -> list[str]:
    """Return the lines of a heap's drawing.

    ``end`` is the break, from the start of the heap; a header takes ``header`` bytes. Blocks come
    in the order of their addresses. Memory between them belongs to other code, or is what ``gap``
    says.
    """
    ink = _ASCII if ascii_only else _UNICODE
    if not blocks:
        return ["(the heap is empty)"]
    room = width - len(f" {_place(end)}")
    rows = list(_rows(list(_cells(blocks, end, header, ink, gap)), room))
    *full, last = rows
    lines = [line for row in full for line in _draw_row(row, room, ink)]
    # Alone, a row tells the sizes of blocks by its widths; the last of many would exaggerate them.
    return lines + _draw_row(last, 0 if full else room, ink, _place(end))


def draw_mapping(name: str, block: Block, header: int, ascii_only: bool = False) -> str:
    """Return the line of a mapping, with its block and its length."""
    ink = _ASCII if ascii_only else _UNICODE
    (cell,) = _cells([block], block.address + block.size, header, ink, "")
    return f"{name} {ink.bar}{cell.drawn(cell.least)}{ink.bar} {header + block.size} bytes"


def _cells(blocks: Sequence[Block], end: int, header: int, ink: _Ink, gap: str) -> Iterator[_Cell]:
    reached = blocks[0].address - header
    for block in blocks:
        yield from _between(reached, block.address - header, ink, gap)
        yield _cell(block, header, ink)
        reached = block.address + block.size
    yield from _between(reached, end, ink, gap)


def _cell(block: Block, header: int, ink: _Ink) -> _Cell:
    place = block.place or _place(block.address)
    if block.several:
        return _Cell(f"{ink.several} {block.several} blocks", place, 0, ink.several)
    name, fill = (block.name, ink.used)
    if block.free:
        name, fill = ("free?" if block.inferred else "free", ink.free)
    return _Cell(f"{ink.header} {name} {block.size}", place, header + block.size, fill)


def _place(offset: int) -> str:
    return f"heap{offset:+#x}"


def _between(start: int, stop: int, ink: _Ink, gap: str) -> Iterator[_Cell]:
    if start < stop:
        text = f"{ink.foreign} {gap} {stop - start}"
        yield _Cell(text, _place(start), stop - start, ink.foreign)


def _rows(cells: Sequence[_Cell], width: int) -> Iterator[list[_Cell]]:
    """Yield the cells of each line, as many as have room there."""
    row: list[_Cell] = []
    for cell in cells:
        if row and sum(c.least for c in row) + cell.least > width:
            yield row
            row = []
        row.append(cell)
    yield row


def _draw_row(row: Sequence[_Cell], width: int, ink: _Ink, end: str = "") -> list[str]:
    widths = _widths(row, width)
    parts = list(zip(row, widths))
    strip = "".join(ink.bar + cell.drawn(wide) for cell, wide in parts) + ink.bar
    below = "".join(f" {cell.below}".ljust(wide) for cell, wide in parts)
    return [f"{strip} end" if end else strip, f"{below} {end}".rstrip()]


def _widths(row: Sequence[_Cell], width: int) -> list[int]:
    """Return widths that go with the sizes, as far as no cell gets less than its least."""
    fixed: set[int] = set()
    while True:
        room = width - sum(row[at].least for at in fixed)
        size = sum(cell.size for at, cell in enumerate(row) if at not in fixed)
        small = {
            at
            for at, cell in enumerate(row)
            if at not in fixed and room * cell.size <= cell.least * size
        }
        if not small:
            return [
                cell.least if at in fixed else room * cell.size // size
                for at, cell in enumerate(row)
            ]
        fixed |= small
