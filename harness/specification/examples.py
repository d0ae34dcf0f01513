"""An example of each rule: a short program whose last call shows the rule.

`harness.specification.program` describes the operations. Sizes go with the default policy, whose
first growth leaves a payload of 131,040 bytes.
"""

from __future__ import annotations

EXAMPLES = {
    # Sizes, and where a request goes
    "header": ("m 0 8", "m 1 24"),
    "alignment": ("m 0 8", "m 1 13"),
    "zero-size": ("m 0 8", "m 1 0"),
    "malloc-threshold": ("m 0 131032", "m 1 131033"),
    "calloc-threshold": ("c 0 1 4056", "c 1 1 4057"),
    "realloc-threshold": ("m 0 1000", "r 0 131040"),
    "mapping": ("m 0 200000", "f 0"),
    "heap-list": ("m 0 100", "m 1 200000", "m 2 100", "m 3 8", "f 0", "f 2"),
    # The heap
    "preallocation": ("m 0 1000",),
    "growth": ("m 0 130000", "m 1 2000"),
    "best-fit": ("m 0 400", "m 1 8", "m 2 200", "m 3 8", "f 0", "f 2", "m 4 200"),
    "lowest-of-equals": ("m 0 200", "m 1 8", "m 2 200", "m 3 8", "f 0", "f 2", "m 4 200"),
    "split": ("m 0 400", "m 1 8", "f 0", "m 2 100"),
    "smallest-rest": ("m 0 136", "m 1 8", "f 0", "m 2 104"),
    "merge": ("m 0 100", "m 1 100", "m 2 100", "m 3 8", "f 0", "f 2", "f 1"),
    "free": ("m 0 100", "m 1 8", "f 0"),
    # Contents
    "zeroing": ("m 0 100", "m 1 8", "f 0", "c 2 25 4"),
    "contents": ("m 0 100", "m 1 8", "r 0 200"),
    # os_realloc
    "realloc-mapping": ("m 0 200000", "r 0 150000"),
    "realloc-shrink": ("m 0 400", "m 1 8", "r 0 100"),
    "realloc-extend": ("m 0 65536", "m 1 65472", "r 1 70000"),
    "realloc-neighbours": ("m 0 100", "m 1 400", "m 2 8", "f 1", "r 0 200"),
    "realloc-move": ("m 0 300", "m 1 8", "m 2 100", "m 3 8", "f 0", "r 2 300"),
    # Beyond ordinary programs
    "overflow": ("m 0 8", "c 1 9223372036854775808 2"),
    "refusal": ("x 2", "m 0 8", "m 1 131016"),
    "errno": ("m 0 8", "m 1 18446744073709551615"),
    "moved-break": ("m 0 131032", "b 64", "m 1 100"),
    "double-free": ("m 0 100", "m 1 8", "d 0"),
    "freed-realloc": ("m 0 100", "m 1 8", "g 0"),
    # Choices that the assignment leaves open
    "neighbours-while-moving": ("m 0 65536", "m 1 8", "r 1 65504"),
    "neighbours-as-one": ("m 0 8", "m 1 8", "m 2 8", "m 3 8", "f 1", "f 2", "r 0 40"),
    "mapping-of-same-size": ("m 0 200000", "r 0 200000"),
    "shrink-rest": ("m 0 1000", "m 1 400", "m 2 8", "f 1", "r 0 500"),
}
"""By the name of the rule."""
