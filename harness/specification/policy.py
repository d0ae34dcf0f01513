"""The policy: the numbers that decide where a request goes; see the specification."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True, slots=True)
class Policy:
    """Numbers of bytes; the defaults are those of the specification."""

    mmap_threshold: int = 128 * 1024
    calloc_threshold: int = 4096
    prealloc_malloc: int = 128 * 1024
    prealloc_calloc: int = 4096
    alignment: int = 8

    def as_conf(self) -> str:
        """Return what differs from the defaults as a value of OSMEM_CONF; empty if nothing does."""
        default = asdict(Policy())
        return ",".join(f"{k}:{v}" for k, v in asdict(self).items() if v != default[k])


ALIGNMENTS = (8, 16, 32)
"""The alignments to choose from: powers of two, up to the size of a header."""

POLICY_KEYS = tuple(field.name for field in fields(Policy))
