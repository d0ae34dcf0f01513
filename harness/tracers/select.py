"""The choice of a tracer by its name."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from harness.tracers.tracer import Tracer, TracerError
from harness.tracers.ltrace import Ltrace
from harness.tracers.uftrace import Uftrace

AUTO = "auto"
TRACERS: dict[str, Callable[[], Tracer]] = {"ltrace": Ltrace, "uftrace": Uftrace}


def _missing(tracer: Tracer) -> list[str]:
    return [tool for tool in tracer.tools if shutil.which(tool) is None]


def choose_tracer(name: str, sandboxed: bool = False) -> Tracer:
    """Return the tracer of this name. `AUTO` stands for uftrace if it is installed and there is no
    sandbox, and otherwise for ltrace. Raises `TracerError` if the tracer can't be used."""
    if name == AUTO:
        name = "ltrace" if sandboxed or _missing(Uftrace()) else "uftrace"
    tracer = TRACERS[name]()
    if missing := _missing(tracer):
        raise TracerError(
            f"{', '.join(missing)}: not found; 'tools/install-packages check trace' installs the"
            " tracers, or see packages.txt"
        )
    if sandboxed and not tracer.confines:
        raise TracerError(f"{name} can't trace programs in a sandbox; use --tracer ltrace")
    return tracer
