"""What sandboxed programs are shown: a library, and the programs that are run with it.

Each file is copied once, however many runs read it. No sandbox can write to it.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from harness.execution.sandbox import make_readable


@dataclass(slots=True)
class _Folder:
    path: Path
    copies: dict[tuple[int, int], Path] = field(default_factory=dict)
    """Copies of programs, by device and number of the file: one file may have several names."""


class ShownFolders:
    """Folders for the runs in one outer sandbox."""

    def __init__(self, top: Path) -> None:
        """The folders are made in ``top``, and end with it."""
        self._top = top
        self._lock = Lock()
        self._folders: dict[tuple[Path, Path, str], _Folder] = {}

    def show(self, program: Path, library: Path, name: str) -> Path:
        """Return a folder that holds a program, and a library called ``name``. Raises `OSError`."""
        with self._lock:
            folder = self._folder(program.parent, library, name)
            status = program.stat()
            file = (status.st_dev, status.st_ino)
            shown = folder.path / program.name
            if file not in folder.copies:
                folder.copies[file] = Path(shutil.copy(program, shown))
                make_readable(shown)
            elif not shown.exists():
                shown.hardlink_to(folder.copies[file])
            return folder.path

    def _folder(self, programs: Path, library: Path, name: str) -> _Folder:
        key = (programs, library, name)
        if key not in self._folders:
            folder = Path(tempfile.mkdtemp(prefix="shown-", dir=self._top))
            shutil.copy(library, folder / name)
            make_readable(folder)
            self._folders[key] = _Folder(folder)
        return self._folders[key]
