"""An example of each rule: a short program whose last call shows the rule.

`harness.specification.program` describes the operations. Large sizes go with the policy: in braces
is what they are, by the names in `_sizes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    "growth": ("m 0 {nearly_all}", "m 1 2000"),
    "best-fit": ("m 0 400", "m 1 8", "m 2 200", "m 3 8", "f 0", "f 2", "m 4 200"),
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
    "realloc-extend": ("m 0 {half}", "m 1 {other_half}", "r 1 {extended}"),
    "realloc-neighbours": ("m 0 100", "m 1 400", "m 2 8", "f 1", "r 0 200"),
    "realloc-move": ("m 0 300", "m 1 8", "m 2 100", "m 3 8", "f 0", "r 2 300"),
    # Beyond ordinary programs
    "overflow": ("m 0 8", "c 1 9223372036854775808 2"),
    "refusal": ("x 2", "m 0 8", "m 1 {refused}"),
    "errno": ("m 0 8", "m 1 18446744073709551615"),
    "moved-break": ("m 0 {whole}", "b 64", "m 1 100"),
    "double-free": ("m 0 100", "m 1 8", "d 0"),
    "freed-realloc": ("m 0 100", "m 1 8", "g 0"),
    # Choices that the assignment leaves open
    "neighbours-while-moving": ("m 0 {half}", "m 1 8", "r 1 {too_much}"),
    "neighbours-as-one": (
        *("m 0 8", "m 1 {least_rest}", "m 2 {least_rest}", "m 3 8"),
        *("f 1", "f 2", "r 0 40"),
    ),
    "mapping-of-same-size": ("m 0 {large}", "r 0 {large}"),
    "shrink-rest": ("m 0 1000", "m 1 400", "m 2 8", "f 1", "r 0 500"),
}
"""By the name of the rule."""
_OF_FREED_BLOCKS = frozenset(
    ("best-fit", "lowest-of-equals", "split", "smallest-rest", "zeroing", "realloc-move")
)
"""The rules whose examples take a block that was freed."""
_FIRST_FILLER = 10
"""The slot of the first block that takes up what is left of the heap; no example has so many."""


def example_of(rule: str, policy: Policy) -> tuple[str, ...]:
    """Return the example of a rule."""
    sizes = _sizes(policy)
    lines = [line.format_map(sizes) for line in _EXAMPLES[rule]]
    if rule in _OF_FREED_BLOCKS and policy.fit in ("next", "worst"):
        # These fits would rather take what is left of the heap: it is taken up before.
        freed = next(at for at, line in enumerate(lines) if line.startswith("f"))
        lines[freed:freed] = _fillers(lines[:freed], policy)
    return tuple(lines)


def _fillers(lines: Sequence[str], policy: Policy) -> Iterator[str]:
    """Yield the lines that take up what some calls of os_malloc leave of the first growth."""
    header, step = policy.header_size(), policy.alignment
    sizes = [int(line.split()[2]) for line in lines]
    left = policy.prealloc_malloc - sum(header + size + -size % step for size in sizes)
    most = policy.mmap_threshold - step
    slot = _FIRST_FILLER
    while left >= header + step:
        total = left if left <= most else min(most, left - header - step)
        yield f"m {slot} {total - header}"
        left, slot = left - total, slot + 1


def examples_of(policy: Policy) -> dict[str, tuple[str, ...]]:
    """Return all examples, by the names of the rules."""
    return {rule: example_of(rule, policy) for rule in _EXAMPLES}


def _sizes(policy: Policy) -> dict[str, int]:
    header, step = policy.header_size(), policy.alignment
    threshold = policy.mmap_threshold
    first = policy.prealloc_malloc or threshold  # the first growth
    least = 8 + -8 % step
    half = first // 2 // step * step
    other_half = first - half - 2 * header
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
        "whole": first - header - step,
        "nearly_all": first - header - 1040,
        "half": half,
        "other_half": other_half,
        "extended": other_half + 4528,
        "too_much": other_half + header,
        "refused": first - 2 * header - least + 2 * step,
        "least_rest": policy.least_rest(),
        "unsplit": taken + header + policy.least_rest() - step,
        "taken": taken,
    }
