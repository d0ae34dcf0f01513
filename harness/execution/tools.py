"""The system's programs that the checker calls."""

from __future__ import annotations

import shutil

from harness.errors import UserError

BUILD_TOOLS = ("make", "gcc", "nm", "prlimit")


def require_tools(*tools: str) -> None:
    """Raise `UserError` unless all of these tools are installed."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        raise UserError(
            f"{', '.join(missing)}: not found",
            "'make check' and 'make grade' install what they need; packages.txt has the list",
        )
