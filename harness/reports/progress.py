"""How far a batch is: on a terminal, a bar and a line for each worker; or JSON for programs."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TextIO

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from harness.text import printable

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

    def add(self, kind: str, number: int) -> None:
        """Count submissions of one kind. Those known before take no time."""
        self.counts[kind] += number
        if kind != "known before":
            self._recent.append((time.monotonic(), number))

    @property
    def done(self) -> int:
        return self.counts.total()

    def rate(self) -> float:
        """Return the submissions graded in a second, of late."""
        now = time.monotonic()
        while self._recent and now - self._recent[0][0] > _RECENT:
            self._recent.popleft()
        number = sum(each for _, each in self._recent)
        return number / max(min(now - self._began, _RECENT), 0.1)

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


class _Lines(Silent):
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


class _Bar(Silent):
    """Shows a bar, and below it what each worker does."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._workers: dict[str, tuple[str, float]] = {}
        self._progress = _WithWorkers(self._lines, console)
        self._task = self._progress.add_task("grading", total=0, pace="", counts="")

    def expect(self, total: int) -> None:
        super().expect(total)
        self._progress.update(self._task, total=total)

    def begun(self, names: Sequence[str], worker: str) -> None:
        self._workers[worker] = printable(names[0] if names else ""), time.monotonic()

    def done(self, names: Sequence[str], kind: str, worker: str, seconds: float) -> None:
        super().done(names, kind, worker, seconds)
        self._workers.pop(worker, None)
        left = self.pace.seconds_left()
        pace = f"{self.pace.rate():.1f}/s" + ("" if left is None else f", {_clock(left)} left")
        words = self.pace.words()
        self._progress.update(self._task, completed=self.pace.done, pace=pace, counts=words)

    def _lines(self) -> Iterator[str]:
        now = time.monotonic()
        for worker in sorted(self._workers, key=lambda name: (len(name), name)):
            name, began = self._workers[worker]
            yield f"  worker {worker}: {name}, {now - began:.0f} s"

    def shown(self) -> AbstractContextManager[object]:
        return self._progress


class _WithWorkers(Progress):
    """A bar, with lines below it that are made anew each time."""

    def __init__(self, lines: Callable[[], Iterator[str]], console: Console) -> None:
        self._lines = lines
        super().__init__(
            TextColumn("grading"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[pace]}"),
            TextColumn("{task.fields[counts]}"),
            console=console,
        )

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        for line in self._lines():
            yield Text(line, "dim", no_wrap=True, overflow="ellipsis")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def choose_progress(kind: str, console: Console) -> Silent:
    """Return what shows how far a batch is: ``json`` on standard error, or ``auto``, a bar if the
    console is a terminal."""
    if kind == "json":
        return _Lines(sys.stderr)
    return _Bar(console) if console.is_terminal else Silent()
