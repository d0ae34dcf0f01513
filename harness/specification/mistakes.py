"""Mistakes that implementations make, each with the rule that it breaks."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UserError
from harness.specification.policy import Policy

_PAGE = 4096


def _preallocates_nothing(policy: Policy) -> bool:
    return not policy.prealloc_malloc and not policy.prealloc_calloc


def _has_one_threshold(policy: Policy) -> bool:
    return policy.mmap_threshold == policy.calloc_threshold


def _takes_the_lowest(policy: Policy) -> bool:
    return (policy.fit, policy.order) == ("first", "address")


def _merges_at_need(policy: Policy) -> bool:
    return policy.merge == "need"


_NONE_UNDER: Mapping[str, Callable[[Policy], bool]] = {
    "align-to-16": lambda policy: policy.alignment == 16,
    # The thresholds
    "threshold-page-for-malloc": _has_one_threshold,
    "threshold-of-malloc-for-calloc": _has_one_threshold,
    "threshold-page-for-realloc": _has_one_threshold,
    "realloc-growing-mapping-maps": _has_one_threshold,
    "realloc-small-mapping-grows-crashes": _has_one_threshold,
    "realloc-copies-64-kib": lambda policy: policy.mmap_threshold <= 64 * 1024,
    # The preallocations
    "preallocate-never": _preallocates_nothing,
    "preallocate-for-mapping": _preallocates_nothing,
    "preallocate-per-function": _preallocates_nothing,
    "preallocate-header-too": _preallocates_nothing,
    "preallocate-page-too": _preallocates_nothing,
    "preallocate-whole": _preallocates_nothing,
    "preallocate-page-for-malloc": lambda policy: policy.prealloc_malloc == _PAGE,
    "preallocate-much-for-calloc": lambda policy: policy.prealloc_calloc == policy.mmap_threshold,
    "preallocate-rest-lost": _preallocates_nothing,
    "preallocate-rest-lost-after-mapping": _preallocates_nothing,
    "preallocate-rest-counts-its-header": _preallocates_nothing,
    "preallocate-rest-misplaced": _preallocates_nothing,
    "preallocate-unsplit-near-page": lambda policy: not policy.prealloc_calloc,
    "unsplit-rest-forgotten-first": _preallocates_nothing,
    "no-preallocation-after-mapping": _preallocates_nothing,
    "preallocated-before-refusal": _preallocates_nothing,
    # The search, the split and the merge
    "fit-first": _takes_the_lowest,
    "fit-first-of-large": _takes_the_lowest,
    "fit-worst": lambda policy: (policy.fit, policy.order) == ("worst", "address"),
    "split-from-two-steps": lambda policy: policy.least_rest() == 2 * policy.alignment,
    "split-from-two-headers": lambda policy: policy.least_rest() == policy.header_size(),
    "coalesce-when-full": _merges_at_need,
    "shrink-rest-not-merged": _merges_at_need,
}
"""The policies under which a mistake is none, by its name: they ask for what it does, or nothing
that it does can happen."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake that the plain implementation can make; its file explains the keys."""

    name: str
    what: str
    rule: str
    """The rule of the specification that it breaks."""
    seen: str
    """``ordinary``, ``extra`` or ``choice``."""
    look: str = ""
    """Where in the code to look for it; empty where what its rule says is enough."""
    program: tuple[str, ...] = ()
    """Calls that show it, if no test of the suite does."""
    policy: str = "default"
    """The policy under which they show it."""


def read_mistakes(path: Path) -> list[Mistake]:
    """Read a file of mistakes. Raises `UserError`."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return [_mistake(**entry) for entry in content["mistake"]]
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise UserError(f"{path}: expected a list of mistakes, found {error}") from error


def is_mistake(name: str, policy: Policy) -> bool:
    """Return whether a known mistake is one under this policy."""
    is_none = _NONE_UNDER.get(name)
    return is_none is None or not is_none(policy)


def _mistake(program: Sequence[str] = (), **entry: str) -> Mistake:
    return Mistake(**entry, program=tuple(program))
