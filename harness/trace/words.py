"""The machine's words, which tracers show as signed or as unsigned numbers."""

from __future__ import annotations

WORD_BITS = 64
WORD: int = 2**WORD_BITS
_INT = 2**32
_MAX_ERRNO = 4095


def unsigned(number: int) -> int:
    """Return the word that a signed number stands for."""
    return number % WORD


def signed_int(word: int) -> int:
    """Return the int in the lower half of a word."""
    low = word % _INT
    return low - _INT if low >= _INT // 2 else low


def is_error(result: int) -> bool:
    """Return whether a system call's result is -errno."""
    return -_MAX_ERRNO <= result < 0


def signed_result(word: int) -> int:
    """Return a system call's result: an address or a number, or -errno."""
    return word - WORD if is_error(word - WORD) else word
