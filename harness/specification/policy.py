"""The policy: the numbers and choices that decide what an allocator does; see the specification."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

ALIGNMENTS = (8, 16, 32)
"""The alignments to choose from: powers of two, up to the size of a header."""
CHOICES = {
    "fit": ("best", "first", "next", "worst"),
    "order": ("address", "lifo"),
    "merge": ("free", "need"),
}
"""The words to choose from, by the setting."""
HEADER = 32
"""The bytes of a header without a magic number, on x86-64."""
MOST_MAGIC = 2**32 - 1
_SEARCHES = {
    ("best", "address"): ("the smallest free block", ", the lowest among equals"),
    ("best", "lifo"): ("the smallest free block", ", the one freed last among equals"),
    ("first", "address"): ("the lowest free block", ""),
    ("first", "lifo"): ("the free block freed last", ""),
    ("next", "address"): ("the first free block", " behind the one taken last"),
    ("worst", "address"): ("the largest free block", ", the lowest among equals"),
    ("worst", "lifo"): ("the largest free block", ", the one freed last among equals"),
}
"""Which free block is taken, and which of several that fit alike, by fit and order."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Numbers of bytes, and choices; the defaults are those of the specification."""

    mmap_threshold: int = 128 * 1024
    calloc_threshold: int = 4096
    prealloc_malloc: int = 128 * 1024
    prealloc_calloc: int = 4096
    alignment: int = 8
    trim: int = 0
    """The total from which a free end of the heap is returned; 0 for never."""
    smallest_rest: int = 8
    """The least payload of a rest that is split off."""
    fit: str = "best"
    """Which of the free blocks that are large enough is taken."""
    order: str = "address"
    """Which of several that fit alike comes first: the lowest, or the one freed last (lifo)."""
    merge: str = "free"
    """Whether free blocks merge when they become free, or when a request needs it."""
    header_magic: int = 0
    """The number that all headers begin with, in a word of its own; 0 for none."""

    def as_conf(self) -> str:
        """Return what differs from the defaults as a value of OSMEM_CONF; empty if nothing does."""
        found = self.differences()
        found.pop("header_magic", None)  # the header is what a library was compiled with
        return ",".join(f"{key}:{value}" for key, value in found.items())

    def definitions(self) -> tuple[str, ...]:
        """Return the flags that give utils/block_meta.h the header of this policy."""
        if not self.header_magic:
            return ()
        return f"-DHEADER_MAGIC={self.magic}u", f"-DHEADER_ALIGNMENT={self.alignment}"

    @property
    def magic(self) -> str:
        """The magic number as a text has it."""
        return f"{self.header_magic:#x}"

    def settings(self) -> dict[str, int | str]:
        """Return all settings by their names."""
        return asdict(self)

    def differences(self) -> dict[str, int | str]:
        """Return the settings that differ from the defaults."""
        default = asdict(Policy())
        return {key: value for key, value in asdict(self).items() if value != default[key]}

    def header_size(self, usual: int = HEADER, word: int = 8) -> int:
        """Return the size of a header, with its magic number if there is one."""
        if not self.header_magic:
            return usual
        size = usual + word
        return size + -size % self.alignment

    def least_rest(self) -> int:
        """Return the least payload of a rest that is split off, rounded up to the alignment."""
        return self.smallest_rest + -self.smallest_rest % self.alignment

    def search(self, payload: int) -> str:
        """Return which free block a request for a payload takes, in words."""
        block, equals = _SEARCHES[self.fit, self.order]
        return f"{self.fit} fit takes {block} of {payload} bytes or more{equals}"


def in_words(size: int) -> str:
    """Return a number of bytes as a text has it: ``4096 bytes``, ``128 KiB``."""
    return f"{size // 1024} KiB" if size >= 16 * 1024 and size % 1024 == 0 else f"{size} bytes"


POLICY_KEYS = tuple(field.name for field in fields(Policy))


def problem_of(policy: Policy) -> str:
    """Return why a policy makes no sense, as ``KEY: expected ..., found ...``; empty if it does."""
    for key, words in CHOICES.items():
        if getattr(policy, key) not in words:
            return f"{key}: expected {', '.join(words)}, found {getattr(policy, key)!r}"
    if policy.alignment not in ALIGNMENTS:
        known = ", ".join(map(str, ALIGNMENTS))
        return f"alignment: expected one of {known}, found {policy.alignment}"
    if policy.header_magic > MOST_MAGIC:
        return f"header_magic: expected 0 to {MOST_MAGIC:#x}, found {policy.magic}"
    smallest = policy.header_size() + policy.alignment
    for key in ("prealloc_malloc", "prealloc_calloc"):
        if 0 < getattr(policy, key) < smallest:
            return f"{key}: expected 0, or {smallest} or more, found {getattr(policy, key)}"
    if policy.smallest_rest < 1:
        return f"smallest_rest: expected 1 or more, found {policy.smallest_rest}"
    if policy.fit == "next" and policy.order == "lifo":
        return "order: expected address, as next fit searches on from an address, found 'lifo'"
    return ""
