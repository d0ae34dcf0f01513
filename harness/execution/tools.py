"""The programs of the system that the checker calls."""

from __future__ import annotations

import shutil

from harness.errors import UserError

BUILD_TOOLS = ("make", "gcc", "nm", "prlimit")
SANDBOX_TOOLS = ("bwrap", "setpriv", "nsenter")


def require_tools(*tools: str) -> None:
    """Raises `UserError` unless all of these are installed."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        raise UserError(
            f"{', '.join(missing)}: not found",
            "'make check' installs what the checker needs, or see packages.txt",
        )
