"""Which kind of sandbox this machine can make, and which walls each has.

The least that counts as a sandbox: files out of reach, by namespaces or Landlock; a filter of
system calls, which leaves no network either; and all other processes out of reach. Below that,
nothing runs, unless the user says ``--no-sandbox``.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.execution.bubblewrap import Bubblewrap
from harness.execution.control_group import delegated_group
from harness.execution.landlock import Landlock, landlock_version
from harness.execution.limits import Limits
from harness.execution.sandbox import Sandbox, SandboxError, becomes_users, scratch_folder
from harness.execution.tools import require_tools

AUTO = "auto"
BUBBLEWRAP = "bubblewrap"
LANDLOCK = "landlock"
_KINDS: Mapping[str, Callable[[Limits, Path], Sandbox]] = {
    BUBBLEWRAP: Bubblewrap,
    LANDLOCK: Landlock,
}
NO_WALLS = "Walls: none; submissions run with your own rights"
CHOICES = (AUTO, *_KINDS)
_TOOLS = {BUBBLEWRAP: ("bwrap", "setpriv"), LANDLOCK: ("setpriv", "setsid")}

_SIGNALS = 6
"""The version of Landlock that first kept signals inside."""


class _OutOfReach(SandboxError):
    """A folder has to be moved, whatever the kind of sandbox."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A sandbox to try: one that sees a folder."""

    limits: Limits
    shown: Path
    variable: str
    """The environment variable that names the folder that ``shown`` lies in."""


@dataclass(frozen=True, slots=True)
class Sandboxes:
    """The sandboxes that this machine makes."""

    kind: str
    entrance: Path
    """The folder with what enters a sandbox; see `harness.execution.entrance`."""

    def within(self, limits: Limits) -> Sandbox:
        """Return the sandbox with these limits."""
        return _KINDS[self.kind](limits, self.entrance)

    def walls(self) -> str:
        """Return which walls stand between a submission and the machine, and which are missing."""
        walls = _walls(self.kind)
        standing = [name for name, stands in walls.items() if stands]
        standing += ["control groups"] * (delegated_group() is not None)
        missing = [name for name, stands in walls.items() if not stands]
        return f"Walls: {', '.join(standing)}" + (f"; missing: {', '.join(missing)}" * any(missing))


def walls_of(sandboxes: Sandboxes | None) -> str:
    """Return which walls stand; None stands for no sandboxes."""
    return sandboxes.walls() if sandboxes else NO_WALLS


def _walls(kind: str) -> dict[str, bool]:
    """Return what could be a wall, and whether it stands."""
    namespaces = kind == BUBBLEWRAP
    walls = {
        "system call filter": True,
        "mount namespace": namespaces,
        "process namespace": namespaces,
        "network namespace": namespaces,
    }
    if namespaces:
        return walls
    version = landlock_version()
    return {
        f"Landlock {version}": True,
        "own user for each sandbox": becomes_users(),
        "signals kept inside": version >= _SIGNALS,
        **walls,
    }


def choose_sandboxes(kind: str, entrance: Path, trials: Sequence[Trial]) -> Sandboxes:
    """Return the sandboxes of this kind, or of the strongest that this machine can make. Raises
    `UserError` if a tool is missing, and `SandboxError`."""
    reasons = []
    for name in _KINDS if kind == AUTO else (kind,):
        sandboxes = Sandboxes(name, entrance)
        require_tools(*_TOOLS[name])
        try:
            if name == LANDLOCK:
                _require_least()
            for trial in trials:
                _try(sandboxes.within(trial.limits), trial)
            _try_for_runs(sandboxes.within(trials[-1].limits))
            return sandboxes
        except _OutOfReach:
            raise
        except SandboxError as error:
            reasons.append(f"{name}: {error}")
    raise SandboxError(
        f"no sandbox can be made here: {'; '.join(reasons)}",
        "docs/sandbox.md lists remedies, and --no-sandbox runs everything with your own rights",
    )


def _require_least() -> None:
    """Raise `SandboxError` if walls of Landlock would be too low."""
    version = landlock_version()
    if version == 0:
        raise SandboxError("expected a kernel with Landlock, found one without")
    if version < _SIGNALS and not becomes_users():
        raise SandboxError(
            f"expected root, or Landlock {_SIGNALS} (Linux 6.12), found Landlock {version}"
        )


def _try_for_runs(sandbox: Sandbox) -> None:
    """Raise `SandboxError` unless this machine can make an outer sandbox, which takes more."""
    with scratch_folder() as folder, sandbox.for_runs(folder):
        pass


def _try(sandbox: Sandbox, trial: Trial) -> None:
    """Raise `SandboxError` unless this machine can make a sandbox."""
    shown = trial.shown
    try:
        tried = subprocess.run(
            sandbox.confine(["true"], {"../given": shown}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxError(str(error)) from error
    if tried.returncode == 0:
        return
    last_line = (tried.stderr.strip().splitlines() or [f"status {tried.returncode}"])[-1]
    if str(shown.parent) in last_line:
        raise _OutOfReach(
            f"{shown.parent}: expected a folder that every user can reach, because sandboxes run as"
            " another user",
            f"set {trial.variable} to such a folder",
        )
    raise SandboxError(last_line)
