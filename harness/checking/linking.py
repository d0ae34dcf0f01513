"""Whether a library leaves it to the dynamic linker to do what libraries do.

The linker relocates a library before libc and the program. It runs functions that choose another
one (an `ifunc`) and writes wherever a relocation says, and by that, a library could change what the
linker knows of the program. Compilers write an `ifunc` only if told to, and a linker only writes
relocations of the library's own memory. It leaves each page to one segment, so that the file shows
what will be in memory, and puts the tables that are read here where no relocation can change them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypeVar

_HEADER = struct.Struct("<16xHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_RELOCATION = struct.Struct("<QII8x")
_ENTRY = struct.Struct("<QQ")
_SYMBOL = struct.Struct("<4xBxH16x")
_X86_64 = b"\x7fELF\x02\x01"
_MACHINE = 62
_LOAD, _DYNAMIC, _THREAD_LOCAL = 1, 2, 7  # types of segments
_WRITABLE = 2  # a flag of segments
_NULL, _PLTRELSZ, _PLTGOT, _HASH, _SYMTAB, _RELA, _RELASZ, _JMPREL = 0, 2, 3, 4, 6, 7, 8, 23
_RELRSZ, _RELR, _GNU_HASH, _TLSDESC_GOT = 35, 36, 0x6FFFFEF5, 0x6FFFFEF7
_OWN_WORDS = ((_PLTGOT, 1), (_PLTGOT, 2), (_TLSDESC_GOT, 0))
"""The words that the linker writes for itself, by where a table begins."""
_HARMLESS = frozenset((0, 1, 6, 7, 8, 16, 17, 18, 36))
"""The types of relocations that linkers write into libraries, but for those that call a function:
none, 64, GLOB_DAT, JUMP_SLOT, RELATIVE, and four of thread-local memory."""
_IFUNC = 10
"""The type of a symbol, in the lower half of its byte."""
_WORD = 8
_PAGE = 4096
_TOP = 1 << 47
"""The end of the addresses that a process may use."""
_MOST_SEGMENTS = 64
_MOST_ENTRIES = 1 << 16
"""More relocations or symbols than any allocator has; it takes time to look at them."""


class _Segment(NamedTuple):
    """What is mapped of the file."""

    flags: int
    offset: int
    start: int
    length: int
    """In the file."""
    size: int
    """In memory."""


@dataclass(frozen=True, slots=True)
class _File:
    """A library, by the addresses that its parts have in memory."""

    content: bytes
    segments: tuple[_Segment, ...]

    def at(self, address: int, count: int, fixed: bool = True) -> bytes:
        """Return so many bytes, which nothing may write to if they are ``fixed``. Raises
        `ValueError` if the file has not got them."""
        for segment in self.segments:
            begin = address - segment.start
            if 0 <= begin and begin + count <= segment.length:
                offset = segment.offset + begin
                if fixed and segment.flags & _WRITABLE or offset + count > len(self.content):
                    break
                return self.content[offset : offset + count]
        raise ValueError(address)

    def words(self, address: int, count: int, letter: str) -> tuple[int, ...]:
        """Return so many numbers of a type of `struct`. Raises `ValueError` for too many."""
        if count > _MOST_ENTRIES:
            raise ValueError(count)
        form = struct.Struct(f"<{count}{letter}")
        return form.unpack(self.at(address, form.size))

    def owns(self, address: int) -> bool:
        """Return whether a word lies in memory that the library may write to."""
        return any(
            s.flags & _WRITABLE and s.start <= address <= s.start + s.size - _WORD
            for s in self.segments
        )

    def is_in_order(self) -> bool:
        """Return whether each segment has pages of its own, behind those of the one before, as the
        linker believes."""
        end = 0
        for segment in self.segments:
            if segment.start < end or segment.length > segment.size:
                return False
            end = -(-(segment.start + segment.size) // _PAGE) * _PAGE
        return end <= _TOP and len(self.segments) <= _MOST_SEGMENTS


def links_oddly(library: Path) -> bool:
    """Return whether a library for x86-64 runs code, or writes outside of its own memory, while it
    is linked, or can't be read. Raises `OSError`."""
    return _content_links_oddly(library.read_bytes())


@lru_cache(maxsize=2)
def _content_links_oddly(content: bytes) -> bool:
    if not content.startswith(_X86_64):
        return False
    try:
        _, machine, _, _, at, _, _, _, _, count, *_ = _HEADER.unpack_from(content)
        if machine != _MACHINE:
            return False
        segments = [_SEGMENT.unpack_from(content, at + i * _SEGMENT.size) for i in range(count)]
        parts = [
            (kind, _Segment(flags, offset, start, length, size))
            for kind, flags, offset, start, _, length, size, _ in segments
        ]
        file = _File(content, tuple(part for kind, part in parts if kind == _LOAD))
        *_, dynamic = (part for kind, part in parts if kind == _DYNAMIC)
        fits = all(part.length <= part.size for kind, part in parts if kind == _THREAD_LOCAL)
        return not (fits and file.is_in_order() and _is_ordinary(file, dynamic.start))
    except (ValueError, struct.error):
        return True


_Item = TypeVar("_Item")


def _all(items: Iterable[_Item]) -> Iterator[_Item]:
    """Yield all entries of a table. Raises `ValueError` if they are too many."""
    for number, item in enumerate(items):
        if number == _MOST_ENTRIES:
            raise ValueError(number)
        yield item


def _entries(file: _File, at: int) -> Iterator[tuple[int, int]]:
    """Yield the entries of the dynamic table; the linker goes by the last one of a kind."""
    while True:
        tag, value = _ENTRY.unpack(file.at(at, _ENTRY.size, fixed=False))
        if tag == _NULL:
            return
        yield tag, value
        at += _ENTRY.size


def _is_ordinary(file: _File, dynamic: int) -> bool:
    entries = list(_all(_entries(file, dynamic)))
    table = dict(entries)
    relocations = list(_all(_relocations(file, table)))
    written = [address for address, *_ in relocations]
    written += _all(_packed(file, table.get(_RELR, 0), table.get(_RELRSZ, 0)))
    written += (table[tag] + n * _WORD for tag, n in _OWN_WORDS if tag in table)
    end = dynamic + (len(entries) + 1) * _ENTRY.size
    symbols = {symbol for _, _, symbol in relocations} | set(_all(_defined(file, table)))
    return (
        all(map(file.owns, written))
        and not any(dynamic - _WORD < address < end for address in written)
        and all(kind in _HARMLESS for _, kind, _ in relocations)
        and not any(_chooses(file, table[_SYMTAB], symbol) for symbol in symbols)
    )


def _relocations(file: _File, table: Mapping[int, int]) -> Iterator[tuple[int, ...]]:
    """Yield where each relocation writes, its type and its symbol."""
    for start, length in ((_RELA, _RELASZ), (_JMPREL, _PLTRELSZ)):
        if table.get(length):
            yield from _RELOCATION.iter_unpack(file.at(table.get(start, 0), table[length]))


def _packed(file: _File, start: int, size: int) -> Iterator[int]:
    """Yield what is written by a packed table: addresses, and bits for the words behind them."""
    address = 0
    for word in file.words(start, size // _WORD, "Q") if size else ():
        if word & 1 == 0:
            yield word
            address = word + _WORD
        else:
            yield from (address + _WORD * bit for bit in range(63) if word >> (bit + 1) & 1)
            address += 63 * _WORD


def _defined(file: _File, table: Mapping[int, int]) -> Iterator[int]:
    """Yield the symbols that the linker can find by their names, by their numbers."""
    if _HASH in table:
        _, count = file.words(table[_HASH], 2, "I")
        file.at(table[_SYMTAB], count * _SYMBOL.size)  # there are not more than the file has
        yield from range(count)
    if _GNU_HASH in table:
        buckets, first, bloom, _ = file.words(table[_GNU_HASH], 4, "I")
        at = table[_GNU_HASH] + 16 + bloom * _WORD
        chains = at + buckets * 4
        for symbol in filter(None, file.words(at, buckets, "I")):
            yield symbol
            while not file.words(chains + (symbol - first) * 4, 1, "I")[0] & 1:
                symbol += 1
                yield symbol


def _chooses(file: _File, symbols: int, number: int) -> bool:
    """Return whether a symbol is one of the library's own functions that choose another one."""
    info, section = _SYMBOL.unpack(file.at(symbols + number * _SYMBOL.size, _SYMBOL.size))
    return bool(info & 0xF == _IFUNC and section != 0)
