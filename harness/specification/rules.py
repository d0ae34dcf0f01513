"""The rules of the specification that tests judge and mistakes break, by name.

docs/specification.md has a place for each, with the same name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from harness.specification.policy import Policy, in_words


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, as one explains it to a student."""

    sentence: str
    look: str
    """Where to look in the code when the rule is broken: places that any allocator has."""


RULES = {
    # Sizes, and where a request goes
    "header": Rule(
        "A block's header takes 32 bytes, and lies right before its payload.",
        "Look at struct block_meta in the block_meta.h you build with, and at how a pointer to a"
        " payload is made from one to a header. Print sizeof(struct block_meta).",
    ),
    "alignment": Rule(
        "Sizes are rounded up to a multiple of 8 bytes.",
        "Look at where a size is rounded. Each of os_malloc, os_calloc and os_realloc has to round"
        " before it compares, splits or records a size.",
    ),
    "zero-size": Rule(
        "A request for 0 bytes returns NULL, and asks for nothing.",
        "Look at the first lines of os_malloc, os_calloc and os_realloc. Try a size of 0, and for"
        " os_realloc a NULL pointer as well.",
    ),
    "malloc-threshold": Rule(
        "os_malloc maps a block whose total is 128 KiB or more, and no other.",
        "Look at where os_malloc chooses between sbrk() and mmap(). Check what it compares: the"
        " rounded size with its header, before it looks for a free block.",
    ),
    "calloc-threshold": Rule(
        "os_calloc maps a block whose total is 4096 bytes or more, and no other.",
        "Look at where os_calloc chooses between sbrk() and mmap(). Check which threshold it uses,"
        " and that it compares the rounded size with its header.",
    ),
    "realloc-threshold": Rule(
        "A heap block whose total grows to 128 KiB moves to a mapping.",
        "Look at where os_realloc checks the new size against the threshold. For a heap block, this"
        " comes before any attempt to resize it in place.",
    ),
    "mapping": Rule(
        "A mapping is made and given back with exactly its total as length.",
        "Look at the length in each call of mmap() and munmap(). Compare the two for one block, and"
        " check that every freed mapping reaches munmap().",
    ),
    "heap-list": Rule(
        "A mapping is no part of the heap: it separates no neighbours, and hides no last block.",
        "Look at where a new mapping is put into a list. Then look at every place that takes the"
        " next block for a neighbour, or the end of the list for the heap's last block.",
    ),
    # The heap
    "preallocation": Rule(
        "The heap's first request asks for one large piece, once, and is served from it.",
        "Look at the first call of sbrk(): how much it asks for, what makes it happen only once,"
        " and what becomes of the bytes that the first request does not need.",
    ),
    "growth": Rule(
        "Where nothing fits, the heap grows by what a free last block lacks, or by a total.",
        "Look at every call of sbrk() after the first. Check how you find the heap's last block,"
        " and what you ask for if it is free.",
    ),
    "best-fit": Rule(
        "The smallest free block that is large enough is taken.",
        "Look at the search for a free block: when it replaces the best block found so far, and"
        " when it stops.",
    ),
    "lowest-of-equals": Rule(
        "Of free blocks that fit equally well, the lowest is taken.",
        "Look at the comparison in the search for a free block, and at the order in which the"
        " search meets the blocks.",
    ),
    "split": Rule(
        "A block that is too large is split: the rest becomes a free block.",
        "Look at where a block is split. Check the sizes of both parts, the address of the new"
        " header, its status, and how the rest is linked into the list.",
    ),
    "smallest-rest": Rule(
        "A block is split only if the rest can hold a header and 8 bytes.",
        "Look at the condition for a split, and at the size recorded if a block stays whole.",
    ),
    "merge": Rule(
        "Free blocks that touch count as one.",
        "Look at where free blocks are merged. Check both directions, three free blocks in a row,"
        " and what the new size counts.",
    ),
    "free": Rule(
        "A freed heap block stays with the program, and can be used again.",
        "Look at os_free for a heap block: what it does to the status of the block, and to its"
        " place in the list.",
    ),
    # Contents
    "zeroing": Rule(
        "os_calloc clears all of the block.",
        "Look at where os_calloc clears the block: how many bytes, and whether it does so for a"
        " block that was used before.",
    ),
    "contents": Rule(
        "os_realloc keeps the contents, up to the smaller of both sizes.",
        "Look at each memcpy() in os_realloc: its two pointers, and its length if the new block is"
        " larger, and if it is smaller.",
    ),
    # os_realloc
    "realloc-mapping": Rule(
        "A mapping that is resized always moves to where os_malloc puts its new size, and is given"
        " back.",
        "Look at what os_realloc does with a block whose status is STATUS_MAPPED. Check that this"
        " comes before any rule for heap blocks.",
    ),
    "realloc-shrink": Rule(
        "A block that shrinks stays where it is, and is split.",
        "Look at the part of os_realloc for a new size that is not larger. It compares rounded"
        " payload sizes, without headers, and splits as os_malloc does.",
    ),
    "realloc-extend": Rule(
        "The heap's last block grows where it is, by just the missing bytes.",
        "Look at the part of os_realloc for the heap's last block: how it recognises that block,"
        " what it asks sbrk() for, and the size it records.",
    ),
    "realloc-neighbours": Rule(
        "A block grows into the free memory that follows it, no further than it needs.",
        "Look at the part of os_realloc that takes in free blocks: how it counts the room, which"
        " block it reads the size from, and what it does with bytes that are left over.",
    ),
    "realloc-move": Rule(
        "A block without room moves to the best fit, and its old place is free.",
        "Look at the end of os_realloc, where the block moves: how the new block is found, and when"
        " the old one is freed.",
    ),
    # Beyond ordinary programs
    "overflow": Rule(
        "A size that overflows returns NULL.",
        "Look at every addition and multiplication of sizes. Try SIZE_MAX, and two factors whose"
        " product does not fit into a size_t.",
    ),
    "refusal": Rule(
        "A refusal by the system returns NULL, and changes nothing else.",
        "Look at every call of sbrk() and mmap(). Check that its result is tested at once, and that"
        " nothing was changed before.",
    ),
    "errno": Rule(
        "A failure sets errno to ENOMEM; success leaves it alone.",
        "Look at every place that returns NULL for want of memory, and at every assignment to"
        " errno.",
    ),
    "moved-break": Rule(
        "If something else moves the break, the heap continues after the gap.",
        "Look at every place that takes the heap's last block to end at the break, or two blocks in"
        " the list to touch. Compare addresses there.",
    ),
    "double-free": Rule(
        "Freeing a free block does nothing.",
        "Look at what os_free does with a block that is free already, and with one that was merged"
        " into another block.",
    ),
    "freed-realloc": Rule(
        "os_realloc of a free block returns NULL.",
        "Look at the status that os_realloc checks before it does anything with the block.",
    ),
    # Choices that the assignment leaves open
    "neighbours-while-moving": Rule(
        "Memory that a block has taken in is not free while the block moves.",
        "Look at os_realloc where the free blocks that follow are not enough: whether they are free"
        " again while a new block is looked for.",
    ),
    "neighbours-as-one": Rule(
        "A growing block takes in all free memory that follows it, and is split then.",
        "Look at the loop of os_realloc that takes in free blocks: what ends it, and where the"
        " block is split.",
    ),
    "mapping-of-same-size": Rule(
        "A mapping moves even if its size stays the same.",
        "Look at what os_realloc does with a mapping whose size stays the same.",
    ),
    "shrink-rest": Rule(
        "The rest of a block that shrinks merges with the free block that follows.",
        "Look at where os_realloc splits a block that shrinks, and at what follows the rest.",
    ),
}
FREEING = frozenset(("free", "mapping"))
"""The rules by which memory is given back: a test that judges one of them fails if any leaks."""

_FITS = {
    "first": "The first free block that is large enough is taken.",
    "next": "The first free block that is large enough is taken, from the memory taken last on.",
    "worst": "The largest of the free blocks that are large enough is taken.",
}


def rules_of(policy: Policy) -> dict[str, Rule]:
    """Return the rules as a policy has them, under the same names."""
    changed = changed_sentences(policy)
    return {
        name: replace(rule, sentence=changed.get(name, rule.sentence))
        for name, rule in RULES.items()
    }


def judged_rules(names: Collection[str], policy: Policy) -> list[tuple[str, str]]:
    """Return the rules that a test judges, and what they say; none if it judges all of them."""
    if len(names) == len(RULES):
        return []
    return [(name, rule.sentence) for name, rule in rules_of(policy).items() if name in names]


def changed_sentences(policy: Policy) -> dict[str, str]:
    """Return what rules say that a policy changes, by their names."""
    return dict(_changed(policy, Policy()))


def _changed(policy: Policy, usual: Policy) -> Iterator[tuple[str, str]]:
    """Yield the rules that a policy changes, and what they say then."""
    threshold, calloc = in_words(policy.mmap_threshold), in_words(policy.calloc_threshold)
    if policy.header_magic:
        yield (
            "header",
            f"A block's header takes {policy.header_size()} bytes, begins with the magic"
            f" number {policy.magic}, and lies right before its payload.",
        )
    if policy.alignment != usual.alignment:
        yield "alignment", f"Sizes are rounded up to a multiple of {policy.alignment} bytes."
    if policy.mmap_threshold != usual.mmap_threshold:
        yield (
            "malloc-threshold",
            f"os_malloc maps a block whose total is {threshold} or more, and no other.",
        )
        yield (
            "realloc-threshold",
            f"A heap block whose total grows to {threshold} moves to a mapping.",
        )
    if policy.calloc_threshold != usual.calloc_threshold:
        yield (
            "calloc-threshold",
            f"os_calloc maps a block whose total is {calloc} or more, and no other.",
        )
    if not policy.prealloc_malloc and not policy.prealloc_calloc:
        yield "preallocation", "Nothing is preallocated: the first request asks for its total."
    if policy.fit != usual.fit:
        yield "best-fit", _FITS[policy.fit]
        yield (
            "realloc-move",
            f"A block without room moves to the {policy.fit} fit, and its old place is free.",
        )
    if policy.order == "lifo":
        yield (
            "lowest-of-equals",
            "Of free blocks that fit equally well, the one freed last is taken.",
        )
    if policy.least_rest() != usual.least_rest():
        yield (
            "smallest-rest",
            "A block is split only if the rest can hold a header and"
            f" {policy.least_rest()} bytes.",
        )
    if policy.trim:
        yield (
            "free",
            "A freed heap block stays with the program, and can be used again; only the heap's free"
            f" end is returned, from {in_words(policy.trim)} on.",
        )
    if policy.merge == "need":
        yield "merge", "Free blocks that touch merge when no free block is large enough."
        yield "shrink-rest", "The rest of a block that shrinks is a free block of its own."
