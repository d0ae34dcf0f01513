"""How far a batch is, on a terminal: a bar, and a line for each worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from harness.reports.progress import Silent
from harness.text import printable


class Bar(Silent):
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
