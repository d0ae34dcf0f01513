"""How a command says that it could not run."""

from __future__ import annotations

import click


class Failure(click.ClickException):
    """Something that keeps a command from running; the message is one line."""

    exit_code = 2
