"""How far a batch is, for programs or not shown at all."""

from __future__ import annotations

import json
import time
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TextIO

KINDS = ("graded", "known before", "skipped")
"""What can become of a submission."""
_RECENT = 60.0
"""The seconds over which the rate is measured."""


class Pace:
    """The number of submissions that are done, and how fast that goes on."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.counts = Counter[str]()
        self._began = time.monotonic()
        self._recent: deque[tuple[float, int]] = deque()
        self._number = 0
        """The submissions in it: a large cluster grades too many a second to count them again."""

    def add(self, kind: str, number: int) -> None:
        """Count submissions of one kind. Those known before take no time."""
        self.counts[kind] += number
        if kind != "known before":
            self._recent.append((time.monotonic(), number))
            self._number += number

    @property
    def done(self) -> int:
        return self.counts.total()

    def rate(self) -> float:
        """Return the submissions graded in a second, of late."""
        now = time.monotonic()
        while self._recent and now - self._recent[0][0] > _RECENT:
            self._number -= self._recent.popleft()[1]
        return self._number / max(min(now - self._began, _RECENT), 0.1)

    def seconds_left(self) -> float | None:
        """Return how long the rest takes at this rate; None if nobody can say."""
        rate = self.rate()
        return (self.total - self.done) / rate if rate else None

    def words(self) -> str:
        """Return the numbers of submissions, by what became of them."""
        return ", ".join(f"{self.counts[kind]} {kind}" for kind in KINDS if self.counts[kind])


class Silent:
    """Shows nothing; the base of all that show how far a batch is."""

    def __init__(self) -> None:
        self.pace = Pace(0)

    def expect(self, total: int) -> None:
        """Note how many submissions there are."""
        self.pace.total = total

    def begun(self, names: Sequence[str], worker: str) -> None:
        """Note that a worker grades equal submissions."""

    def done(self, names: Sequence[str], kind: str, worker: str, seconds: float) -> None:
        """Note what became of equal submissions, one of `KINDS`; ``worker`` may be empty."""
        self.pace.add(kind, len(names))

    def written(self) -> None:
        """Note that the gradebook was written."""

    def shown(self) -> AbstractContextManager[object]:
        """Show what there is to show, while the context lasts."""
        return nullcontext()


class Lines(Silent):
    """Writes a line of JSON for everything that happens."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def _write(self, event: str, **values: object) -> None:
        with suppress(OSError):  # whoever has read it is gone; that costs no grade
            print(json.dumps({"event": event, **values}), file=self._stream, flush=True)

    def expect(self, total: int) -> None:
        if total != self.pace.total:
            super().expect(total)
            self._write("total", total=total)

    def begun(self, names: Sequence[str], worker: str) -> None:
        self._write("begun", submissions=list(names), worker=worker)

    def done(self, names: Sequence[str], kind: str, worker: str, seconds: float) -> None:
        super().done(names, kind, worker, seconds)
        left = self.pace.seconds_left()
        self._write(
            "done",
            submissions=list(names),
            kind=kind,
            worker=worker,
            seconds=round(seconds, 3),
            done=self.pace.done,
            total=self.pace.total,
            per_second=round(self.pace.rate(), 3),
            seconds_left=None if left is None else round(left),
        )

    def written(self) -> None:
        self._write("written", done=self.pace.done, total=self.pace.total)
