"""Errors for the user: one class, raised anywhere and caught in one place."""

from __future__ import annotations


class UserError(Exception):
    """An error that the user can mend, in one line.

    ``message`` names the file or the test, what was expected and what was found; ``advice`` says
    what to do, and may be empty. ``status`` is the exit status of a command that ends with it.
    """

    status = 2

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(f"{message}; {advice}" if advice else message)
        self.message = message
        self.advice = advice
