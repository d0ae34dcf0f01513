"""The texts about known mistakes as a policy has them: with its numbers, and its choices.

tests/mistakes.toml has the numbers of the usual policy. The words around a number tell what it is
the number of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace

from harness.specification.mistakes import Mistake
from harness.specification.policy import CHOICES, Policy, in_words

_FITS = {"best": "smallest", "first": "first", "next": "next", "worst": "largest"}
_LOOKS_OF_BEST_FIT = frozenset(("fit-first", "fit-last", "fit-worst", "fit-first-of-large"))
"""The mistakes whose advice is about the smaller of two blocks: other fits need the rule's."""
_PHRASES: Mapping[str, Callable[[Policy], str]] = {
    # The preallocations, and what is a page whatever the policy
    r"(?<=in place of )128 KiB": lambda p: in_words(p.prealloc_malloc),
    r"(?<=in place of )4096 bytes": lambda p: in_words(p.prealloc_calloc),
    r"(?<=preallocates )4096 bytes": lambda p: "4096 bytes",
    r"(?<=SIZE_MAX/2 - )4096": lambda p: "4096",
    r"4096 bytes(?= too many| cuts)": lambda p: "4096 bytes",
    r"4096(?= in os_realloc)": lambda p: "4096",
    # The thresholds
    r"128 KiB": lambda p: in_words(p.mmap_threshold),
    r"64 KiB(?= or more)": lambda p: in_words(p.mmap_threshold // 2),
    r"4096 bytes": lambda p: in_words(p.calloc_threshold),
    r"\b4096\b": lambda p: str(p.calloc_threshold),
    r"\b4088\b": lambda p: str(p.calloc_threshold - p.alignment),
    r"\b4080\b": lambda p: str(p.calloc_threshold - 16),
    r"\b4057\b": lambda p: str(_last_of_calloc(p) + 1),
    r"\b4063\b": lambda p: str(_last_of_calloc(p) + p.alignment - 1),
    r"\b4056\b": lambda p: str(_last_of_calloc(p)),
    # The header, and the least rest behind it
    r"24 bytes(?=, not)": lambda p: f"{p.header_size() - 8} bytes",
    r"48 bytes(?= or more)": lambda p: f"{p.header_size() + 2 * p.alignment} bytes",
    r"64 bytes(?= or more)": lambda p: f"{2 * p.header_size()} bytes",
    r"72 bytes(?= or more)": lambda p: f"{2 * p.header_size() + p.least_rest()} bytes",
    r"\b40\b(?= bytes|,| are)": lambda p: str(p.header_size() + p.least_rest()),
    r"(?<=header and )8 bytes": lambda p: f"{p.least_rest()} bytes",
    r"(?<=, not )32": lambda p: str(p.header_size()),
    r"\b32\b(?= bytes| times)": lambda p: str(p.header_size()),
    # The alignment
    r"\b8\b(?= bytes below| below| to)": lambda p: str(p.alignment),
    r"(?<=multiple of )8|(?<=, not of )8|(?<=not rounded up to )8": lambda p: str(p.alignment),
    # The fit
    r"(?<=takes the )first free block that is large enough, not the smallest": lambda p: (
        "lowest free block that is large enough, not the one freed last"
        if (p.fit, p.order) == ("first", "lifo")
        else f"first free block that is large enough, not the {_FITS[p.fit]}"
    ),
    r"(?<=takes the )largest free block, not the smallest that is large enough": lambda p: (
        "lowest of the largest free blocks, not the one freed last"
        if (p.fit, p.order) == ("worst", "lifo")
        else f"largest free block, not the {_FITS[p.fit]} that is large enough"
    ),
    r"(?<=, not the )smallest": lambda p: _FITS[p.fit],
    r"best(?= fit)": lambda p: p.fit,
}
"""What stands for the words that match a pattern; the first pattern that matches counts."""
_ANY = re.compile("|".join(f"({pattern})" for pattern in _PHRASES))
_IN_ORDER = tuple(_PHRASES.values())


def _last_of_calloc(policy: Policy) -> int:
    """Return the largest payload that os_calloc takes from the heap."""
    return policy.calloc_threshold - policy.header_size() - policy.alignment


def mistake_under(policy: Policy, mistake: Mistake) -> Mistake:
    """Return a mistake with the texts that a policy gives it. Calls that show it need the usual
    numbers, and are left out with others."""
    kept = mistake.program if _has_usual_numbers(policy) else ()
    look = "" if policy.fit != "best" and mistake.name in _LOOKS_OF_BEST_FIT else mistake.look
    return replace(
        mistake,
        what=_text_under(policy, mistake.what),
        look=_text_under(policy, look),
        program=kept,
    )


def _text_under(policy: Policy, text: str) -> str:
    def phrase(match: re.Match[str]) -> str:
        assert match.lastindex is not None
        return _IN_ORDER[match.lastindex - 1](policy)

    return _ANY.sub(phrase, text)


def _has_usual_numbers(policy: Policy) -> bool:
    ours, usual = asdict(policy), asdict(Policy())
    numbers = ours.keys() - CHOICES.keys() - {"prealloc_calloc"}
    return all(ours[key] == usual[key] for key in numbers)
