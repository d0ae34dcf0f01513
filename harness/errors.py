"""Errors that a user can be told of: one class, raised anywhere, caught once."""

from __future__ import annotations


class UserError(Exception):
    """Something that the user can mend, told in one line.

    ``message`` names the file or the test, what was expected and what was found; ``advice`` says
    what to do, and may be empty. A command that ends with it exits with ``status``.
    """

    status = 2

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(f"{message}; {advice}" if advice else message)
        self.message = message
        self.advice = advice
