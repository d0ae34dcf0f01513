"""Running tools on what a submission is made of, and on the library that it built."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.execution.build import BUILD_ENV, LIBRARY, Library
from harness.execution.answer import Answer, output_of
from harness.execution.limits import Limits
from harness.execution.sandbox import make_readable, scratch_folder
from harness.execution.walls import Sandboxes
from harness.grading.style_tools import StyleError


@dataclass(frozen=True, slots=True)
class Toolbox:
    """Runs tools within limits, each in a sandbox of its own if there are any."""

    limits: Limits
    sandboxes: Sandboxes | None
    scratch: Path
    """A folder for temporary files that sandboxes can reach."""

    def ask(self, command: Sequence[str], library: Library) -> Answer:
        """Return the answer of a command about a library."""
        if self.sandboxes is None:
            return output_of([*command, str(library.folder / LIBRARY)], self.limits, BUILD_ENV)
        return self._run([*command, f"../library/{LIBRARY}"], {"../library": library.folder})

    def text(self, command: Sequence[str], shown: Mapping[str, Path]) -> str:
        """Return what a tool writes; this is a `harness.grading.style_tools.ToolRunner`."""
        return text_of(self._run(command, shown))

    def _run(self, command: Sequence[str], shown: Mapping[str, Path]) -> Answer:
        assert self.sandboxes is not None
        sandbox = self.sandboxes.within(self.limits)
        with scratch_folder(self.scratch) as folder:
            copies = {inside: folder / str(number) for number, inside in enumerate(shown)}
            for inside, path in shown.items():
                shutil.copytree(path, copies[inside], symlinks=True)
                make_readable(copies[inside])
            return output_of(sandbox.confine(command, copies), self.limits, BUILD_ENV)


def text_of(answer: Answer) -> str:
    """Return the text of a tool of style. Raises `StyleError` if it can't be relied on."""
    if answer.failure:
        raise StyleError(f"a tool could not be run: {answer.failure}")
    return answer.text
