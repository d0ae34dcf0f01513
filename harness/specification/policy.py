"""The numbers that decide where a request goes; see the specification's section on policy."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True, slots=True)
class Policy:
    """All in bytes; the defaults are the specification's."""

    mmap_threshold: int = 128 * 1024
    calloc_threshold: int = 4096
    prealloc_malloc: int = 128 * 1024
    prealloc_calloc: int = 4096
    alignment: int = 8

    def as_conf(self) -> str:
        """What differs from the default, in the form of OSMEM_CONF; empty if nothing does."""
        default = asdict(Policy())
        return ",".join(f"{k}:{v}" for k, v in asdict(self).items() if v != default[k])


ALIGNMENTS = (8, 16, 32)
"""Powers of two that the size of a header is a multiple of."""
POLICY_KEYS = tuple(field.name for field in fields(Policy))
