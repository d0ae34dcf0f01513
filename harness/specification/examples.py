"""An example of each rule: a short program whose last call shows the rule.

`harness.specification.program` describes the operations. Large sizes go with the policy: in braces
is what they are, by the names in `_sizes`. One operation is of examples alone::

    fill N           os_malloc takes up what is left of the first growth, but for about N bytes
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from harness.specification.policy import Policy

_USUAL_THRESHOLD = Policy().mmap_threshold

_EXAMPLES = {
    # Sizes, and where a request goes
    "header": ("m 0 8", "m 1 24"),
    "alignment": ("m 0 8", "m 1 13"),
    "zero-size": ("m 0 8", "m 1 0"),
    "malloc-threshold": ("m 0 {last}", "m 1 {first_mapped}"),
    "calloc-threshold": ("c 0 1 {last_of_calloc}", "c 1 1 {first_mapped_of_calloc}"),
    "realloc-threshold": ("m 0 1000", "r 0 {mapped}"),
    "mapping": ("m 0 {large}", "f 0"),
    "heap-list": ("m 0 100", "m 1 {large}", "m 2 100", "m 3 8", "f 0", "f 2"),
    # The heap
    "preallocation": ("m 0 1000",),
    "growth": ("fill 1040", "m 0 2000"),
    "best-fit": ("m 0 400", "m 1 8", "m 2 200", "m 3 8", "f 2", "f 0", "m 4 200"),
    "lowest-of-equals": ("m 0 200", "m 1 8", "m 2 200", "m 3 8", "f 0", "f 2", "m 4 200"),
    "split": ("m 0 400", "m 1 8", "f 0", "m 2 100"),
    "smallest-rest": ("m 0 {unsplit}", "m 1 8", "f 0", "m 2 {taken}"),
    "merge": ("m 0 100", "m 1 100", "m 2 100", "m 3 8", "f 0", "f 2", "f 1"),
    "free": ("m 0 100", "m 1 8", "f 0"),
    # Contents
    "zeroing": ("m 0 100", "m 1 8", "f 0", "c 2 25 4"),
    "contents": ("m 0 100", "m 1 8", "r 0 200"),
    # os_realloc
    "realloc-mapping": ("m 0 {large}", "r 0 {less_large}"),
    "realloc-shrink": ("m 0 400", "m 1 8", "r 0 100"),
    "realloc-extend": ("fill {last_total}", "m 0 1024", "r 0 5120"),
    "realloc-neighbours": ("m 0 100", "m 1 400", "m 2 8", "f 1", "r 0 200"),
    "realloc-move": ("m 0 300", "m 1 8", "m 2 100", "m 3 8", "f 0", "r 2 300"),
    # Beyond ordinary programs
    "overflow": ("m 0 8", "c 1 9223372036854775808 2"),
    "refusal": ("x 2", "m 0 8", "fill 0", "m 1 100"),
    "errno": ("m 0 8", "m 1 18446744073709551615"),
    "moved-break": ("m 0 8", "fill 0", "b 64", "m 1 100"),
    "double-free": ("m 0 100", "m 1 8", "d 0"),
    "freed-realloc": ("m 0 100", "m 1 8", "g 0"),
    # Choices that the assignment leaves open
    "neighbours-while-moving": ("fill 1040", "m 0 8", "r 0 2000"),
    "neighbours-as-one": (
        *("m 0 8", "m 1 {least_rest}", "m 2 {least_rest}", "m 3 8"),
        *("f 1", "f 2", "r 0 40"),
    ),
    "mapping-of-same-size": ("m 0 {large}", "r 0 {large}"),
    "shrink-rest": ("m 0 1000", "m 1 400", "m 2 8", "f 1", "r 0 500"),
}
"""By the name of the rule."""
_THREE_FREE = (
    *("m 0 300", "m 1 8", "m 2 200", "m 3 8", "m 4 400", "m 5 8"),
    *("f 2", "f 4", "f 0", "m 6 200"),
)
_OTHER_FITS = {
    "first": _THREE_FREE,
    "next": ("m 0 200", "m 1 8", "m 2 200", "m 3 8", "f 0", "f 2", "m 4 200", "f 4", "m 5 200"),
    "worst": _THREE_FREE,
}
"""The examples of best-fit with another fit: what that takes, no other fit would."""
_MERGED_AT_NEED = {
    "heap-list": ("m 0 100", "m 1 {large}", "m 2 100", "m 3 8", "fill 0", "f 0", "f 2", "m 4 200"),
    "merge": ("m 0 100", "m 1 100", "m 2 100", "m 3 8", "fill 0", "f 0", "f 2", "f 1", "m 4 300"),
}
"""The examples that a merge at need has otherwise: there, their last call needs it."""
_NOT_PREALLOCATED = {
    "growth": ("m 0 8", "m 1 8", "f 1", "m 2 2000"),
    "neighbours-while-moving": ("m 0 8", "m 1 8", "f 1", "r 0 2000"),
}
"""The examples that need a free end of the heap, where os_malloc preallocates none."""
_OF_FREED_BLOCKS = frozenset(
    ("best-fit", "lowest-of-equals", "split", "smallest-rest", "zeroing", "realloc-move")
)
"""The rules whose examples take a block that was freed."""
_FILL = "fill "


def example_of(rule: str, policy: Policy) -> tuple[str, ...]:
    """Return the example of a rule."""
    sizes = _sizes(policy)
    lines = [line.format_map(sizes) for line in _template(rule, policy)]
    if rule in _OF_FREED_BLOCKS and policy.fit in ("next", "worst"):
        # These fits would rather take what is left of the heap: it is taken up before.
        freed = next(at for at, line in enumerate(lines) if line.startswith("f"))
        lines.insert(freed, f"{_FILL}0")
    return tuple(_in_order(_filled(lines, policy)))


def _template(rule: str, policy: Policy) -> Sequence[str]:
    if rule == "best-fit" and policy.fit in _OTHER_FITS:
        return _OTHER_FITS[policy.fit]
    if policy.merge == "need" and rule in _MERGED_AT_NEED:
        return _MERGED_AT_NEED[rule]
    if not policy.prealloc_malloc:
        if rule in _NOT_PREALLOCATED:
            return _NOT_PREALLOCATED[rule]
        if rule == "preallocation" and policy.prealloc_calloc:
            return ("c 0 1 1000",)
    return _EXAMPLES[rule]


def _filled(lines: Sequence[str], policy: Policy) -> Iterator[str]:
    """Yield the lines of a program, those of os_malloc in place of each that fills the heap."""
    header, step, most = policy.header_size(), policy.alignment, policy.mmap_threshold
    slots = count(len(lines))  # no program has more slots than lines
    left = policy.prealloc_malloc
    for line in lines:
        letter, *numbers = line.split()
        if line.startswith(_FILL):
            left -= int(numbers[0])
            while left >= header + policy.least_rest():
                total = min(left, most - step)
                yield f"m {next(slots)} {total - header}"
                left -= total
            continue
        if letter == "m" and (total := header + int(numbers[1]) + -int(numbers[1]) % step) < most:
            left -= total
        yield line


def _in_order(lines: Iterator[str]) -> Iterator[str]:
    """Yield the lines of a program, with the slots numbered in the order of their first use."""
    numbers: dict[str, int] = {}
    for line in lines:
        letter, slot, *sizes = line.split()
        if letter in "mcrfdg":
            slot = str(numbers.setdefault(slot, len(numbers)))
        yield " ".join((letter, slot, *sizes))


def examples_of(policy: Policy) -> dict[str, tuple[str, ...]]:
    """Return all examples, by the names of the rules."""
    return {rule: example_of(rule, policy) for rule in _EXAMPLES}


def _sizes(policy: Policy) -> Mapping[str, int]:
    header, step = policy.header_size(), policy.alignment
    threshold = policy.mmap_threshold
    taken = 104 + -104 % step
    last_of_calloc = policy.calloc_threshold - header - step
    return {
        "last": threshold - header - step,
        "first_mapped": threshold - header - step + 1,
        "mapped": threshold - header,
        "last_of_calloc": last_of_calloc,
        "first_mapped_of_calloc": last_of_calloc + 1,
        "large": 200_000 * threshold // _USUAL_THRESHOLD // 16 * 16,
        "less_large": 150_000 * threshold // _USUAL_THRESHOLD // 16 * 16,
        "last_total": header + 1024,
        "least_rest": policy.least_rest(),
        "unsplit": taken + header + policy.least_rest() - step,
        "taken": taken,
    }
