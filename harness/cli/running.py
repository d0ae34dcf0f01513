"""Running a program of several commands: the one place that catches errors."""

from __future__ import annotations

import errno
import gc
import os
import shutil
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from io import TextIOWrapper
from types import FrameType
from typing import Any, NoReturn

import click

from harness import VERSION
from harness.errors import UserError
from harness.execution.build import BUILD
from harness.text import without_passwords


_STANDARD_OUTPUT, _STANDARD_ERROR = 1, 2
_RIGHTS_OF_OTHERS = 0o077
_INTERRUPTED = 128 + signal.SIGINT
_OUTPUT_CLOSED = 128 + signal.SIGPIPE


class _Commands(click.Group):
    """Loads a command when it is run, lists them in the order given, and suggests one for a
    misspelt name."""

    def __init__(self, modules: Mapping[str, str], **about: Any) -> None:
        super().__init__(**about)
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._modules:
            return None
        module = import_module(self._modules[cmd_name])
        gc.freeze()  # what is loaded stays
        gc.enable()  # see checker.py
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in self._modules and not name.startswith("-"):
            close = get_close_matches(name, self._modules, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "see --help"
            raise click.UsageError(f"no command is named {name!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)


def _group(modules: Mapping[str, str]) -> click.Group:
    @click.group(
        cls=_Commands, modules=modules, context_settings={"help_option_names": ["-h", "--help"]}
    )
    @click.version_option(VERSION, message="osmem %(version)s")
    def main() -> None:
        """Check implementations of os_malloc, os_calloc, os_realloc and os_free by the requests
        that they make to the system.

        Exits with 0 on success, 1 if something failed, 2 if it could not run, and 130 if it was
        interrupted.
        """

    return main


def _from_system(error: OSError) -> UserError:
    """Turn an error of the system into one for the user: which file, and why."""
    if isinstance(error, shutil.Error):  # of a folder, it lists the files that failed
        _, _, reason = error.args[0][0]
        return UserError(str(reason))
    message = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    refused = isinstance(error, PermissionError) or error.errno == errno.EROFS
    if refused and str(BUILD) in str(error.filename):
        return UserError(message, f"remove {BUILD}, or set OSMEM_BUILD to a folder of your own")
    return UserError(message)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _catch_interrupts() -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _interrupt)


def _forget_output() -> None:
    """Discard what Python would write at exit to an output that takes no more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _provide_streams() -> None:
    """Discard what is written to a standard stream that was closed before this program began. No
    other file may take its place."""
    while (opened := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
        pass
    os.close(opened)
    sys.stdout = sys.stdout or open(_STANDARD_OUTPUT, "w")
    sys.stderr = sys.stderr or open(_STANDARD_ERROR, "w")


def _keep_own_rights() -> None:
    """Let a umask take rights from others only. Taken from the owner, they would be missing for
    whatever a command makes, and the sandboxed copy of a submission could not be built."""
    os.umask(os.umask(_RIGHTS_OF_OTHERS) & _RIGHTS_OF_OTHERS)


def _hide_passwords() -> None:
    """Take passwords out of the command line, which every user sees in the list of processes."""
    words = list(map(without_passwords, sys.orig_argv))
    if words != sys.orig_argv:
        with suppress(ImportError):  # only those have it who grade
            from setproctitle import setproctitle

            setproctitle(" ".join(words))


def _end(error: UserError) -> NoReturn:
    click.echo(f"Error: {without_passwords(str(error))}", err=True)
    sys.exit(error.status)


def run_one_of(modules: Mapping[str, str]) -> NoReturn:
    """Run the command that is given, of those in these modules, and exit. However it ends, it
    leaves no process behind."""
    _provide_streams()
    _hide_passwords()
    _keep_own_rights()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        _catch_interrupts()
        _group(modules)(standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.message = without_passwords(error.message)
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:
        _forget_output()
        sys.exit(_OUTPUT_CLOSED)
    except UserError as error:
        _end(error)
    except OSError as error:
        _forget_output()
        _end(_from_system(error))
    sys.exit(0)
