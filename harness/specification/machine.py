"""The machine that an allocator runs on, as far as the specification depends on it."""

from __future__ import annotations

from dataclasses import dataclass

from harness.specification.policy import HEADER, Policy
from harness.trace.words import WORD_BITS

_MOST_ADDRESS_BITS = 48
"""Systems with longer words use no more of them for an address."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine by the size of its words; by default that of x86-64."""

    word_bits: int = WORD_BITS
    header: int = HEADER
    """The size of ``struct block_meta`` without a magic number, in bytes."""

    def header_of(self, policy: Policy) -> int:
        """Return the size of a header under a policy."""
        return policy.header_size(self.header, self.word_bits // 8)

    @property
    def size_max(self) -> int:
        """The largest ``size_t``."""
        return (1 << self.word_bits) - 1

    @property
    def sbrk_max(self) -> int:
        """The largest increment that ``sbrk()`` can be asked for: it is signed."""
        return self.size_max // 2

    @property
    def address_space(self) -> int:
        """The end of the addresses that a program may use: the lower half of all."""
        return 1 << (min(self.word_bits, _MOST_ADDRESS_BITS) - 1)
