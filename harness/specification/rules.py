"""The rules of the specification that tests judge and mistakes break, by name.

docs/specification.md has a place for each, with the same name.
"""

from __future__ import annotations

RULES = {
    # Sizes, and where a request goes
    "header": "A block's header takes 32 bytes, and lies right before its payload.",
    "alignment": "Sizes are rounded up to a multiple of 8 bytes.",
    "zero-size": "A request for 0 bytes returns NULL, and asks for nothing.",
    "malloc-threshold": "os_malloc maps a block whose total is 128 KiB or more, and no other.",
    "calloc-threshold": "os_calloc maps a block whose total is 4096 bytes or more, and no other.",
    "realloc-threshold": "A heap block whose total grows to 128 KiB moves to a mapping.",
    "mapping": "A mapping is made and given back with exactly its total as length.",
    "heap-list": (
        "A mapping is no part of the heap: it separates no neighbours, and hides no last block."
    ),
    # The heap
    "preallocation": (
        "The heap's first request asks for one large piece, once, and is served from it."
    ),
    "growth": "Where nothing fits, the heap grows by what a free last block lacks, or by a total.",
    "best-fit": "The smallest free block that is large enough is taken.",
    "lowest-of-equals": "Of free blocks that fit equally well, the lowest is taken.",
    "split": "A block that is too large is split: the rest becomes a free block.",
    "smallest-rest": "A block is split only if the rest can hold a header and 8 bytes.",
    "merge": "Free blocks that touch count as one.",
    "free": "A freed heap block stays with the program, and can be used again.",
    # Contents
    "zeroing": "os_calloc clears all of the block.",
    "contents": "os_realloc keeps the contents, up to the smaller of both sizes.",
    # os_realloc
    "realloc-mapping": "A mapping that is resized always moves, and is given back.",
    "realloc-shrink": "A block that shrinks stays where it is, and is split.",
    "realloc-extend": "The heap's last block grows where it is, by just the missing bytes.",
    "realloc-neighbours": (
        "A block grows into the free memory that follows it, no further than it needs."
    ),
    "realloc-move": "A block without room moves to the best fit, and its old place is free.",
    # Beyond ordinary programs
    "overflow": "A size that overflows returns NULL.",
    "refusal": "A refusal by the system returns NULL, and changes nothing else.",
    "errno": "A failure sets errno to ENOMEM; success leaves it alone.",
    "moved-break": "If something else moves the break, the heap continues after the gap.",
    "double-free": "Freeing a free block does nothing.",
    "freed-realloc": "os_realloc of a free block returns NULL.",
    # Choices that the assignment leaves open
    "neighbours-while-moving": (
        "Memory that a block has taken in is not free while the block moves."
    ),
    "neighbours-as-one": (
        "A growing block takes in all free memory that follows it, and is split then."
    ),
    "mapping-of-same-size": "A mapping moves even if its size stays the same.",
    "shrink-rest": "The rest of a block that shrinks merges with the free block that follows.",
}
"""Each rule in a sentence."""
FREEING = frozenset(("free", "mapping"))
"""The rules by which memory is given back: a test that judges one of them fails if any leaks."""
