"""The password of a database in the environment, which every program would inherit."""

from __future__ import annotations

import os

_VARIABLE = "PGPASSWORD"
_taken = ""


def environment_password() -> str:
    """Return the password, and take it out of the environment; empty if there was none."""
    global _taken
    _taken = os.environ.pop(_VARIABLE, _taken)
    return _taken
