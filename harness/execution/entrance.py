"""What enters a sandbox with a command: a program that confines it, and its system calls."""

from __future__ import annotations

from pathlib import Path

from harness.errors import UserError
from harness.execution.build import BUILD, LIBRARY, ROOT, make
from harness.execution.sandbox import SYSTEM

_SOURCES = Path(__file__).with_name("confine")
_BUILT = (
    *("confine", "enter", "fence", "join", "keep", "warden"),
    *("filter", "filter-for-owner"),
)


def build_entrance() -> Path:
    """Build the folder that every `Sandbox` shows. Raises `UserError` if it can't be built, or if
    sandboxes would show the reference solution, too."""
    _require_hidden_solution()
    folder = BUILD / "entrance"
    errors = make(_SOURCES, {"OUT": folder}, [folder / name for name in _BUILT])
    if errors is not None:
        first = next(iter(errors.splitlines()), "make failed")
        raise UserError(f"the entrance of sandboxes could not be built: {first}")
    return folder


def _require_hidden_solution() -> None:
    for path in (ROOT, BUILD, *_installed_libraries()):
        if any(path.resolve().is_relative_to(shown) for shown in SYSTEM):
            raise UserError(
                f"{path}: expected the reference solution out of reach of submissions, found it in"
                " a folder that sandboxes show",
                "move it elsewhere, such as below /srv or /usr/local",
            )


def _installed_libraries() -> list[Path]:
    """Return the copies of the library in the folders where the system looks for libraries."""
    return [
        path for shown in SYSTEM for where in ("", "*/") for path in shown.glob(where + LIBRARY)
    ]
