"""For all tests: they skip what needs an optional package that this system lacks, find the
processes that they have started below their own, and share one PostgreSQL server."""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:  # it is found only beside the tests of the harness
    from postgres import Cluster

ROOT = Path(__file__).resolve().parent.parent
OPTIONAL_PURPOSES = ("trace", "bench", "programs", "similar", "slurm")

# Machines are shared: how long an example takes is no failure.
settings.register_profile(
    "default",
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("long", settings.get_profile("default"), max_examples=200)
settings.register_profile("thorough", settings.get_profile("default"), max_examples=20_000)
settings.load_profile("default")


def packages(*purposes: str) -> set[str]:
    """The packages that packages.txt names for these purposes, as it names them."""
    rows = [
        [column.strip() for column in line.split("|")]
        for line in (ROOT / "packages.txt").read_text().splitlines()
        if line and line[0] != "#"
    ]
    return {package for purpose, package, _, _ in rows if purpose in purposes}


@cache
def missing_packages() -> frozenset[str]:
    """The optional packages that this system lacks."""
    listing = subprocess.run(
        [ROOT / "tools" / "install-packages", "--missing", *OPTIONAL_PURPOSES],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return frozenset(listing.splitlines())


def adopt_orphans() -> None:
    """Become the parent of the processes that this one's children leave behind, so that a test
    finds them below its own process."""
    prctl_set_child_subreaper = 36
    ctypes.CDLL(None).prctl(prctl_set_child_subreaper, 1)


def pytest_configure(config: pytest.Config) -> None:
    adopt_orphans()
    config.addinivalue_line(
        "markers",
        "needs(package, ...): skipped where one of these optional packages is missing",
    )


@pytest.hookimpl(trylast=True)  # type: ignore[misc]  # by some versions of pytest
def pytest_runtest_teardown() -> None:
    """Reap the orphans that have ended; nobody waits for them."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


@pytest.hookimpl(tryfirst=True)  # type: ignore[misc]  # by some versions of pytest
def pytest_runtest_setup(item: pytest.Item) -> None:
    needed = {package for marker in item.iter_markers("needs") for package in marker.args}
    if unknown := needed - packages(*OPTIONAL_PURPOSES):
        pytest.fail(f"expected packages that packages.txt names as optional, found {unknown}")
    if missing := sorted(needed & missing_packages()):
        pytest.skip(f"this system has no {', '.join(missing)}")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    from postgres import made_cluster

    with made_cluster() as made:
        yield made


@pytest.fixture(scope="module")
def postgres(cluster: Cluster) -> Iterator[Cluster]:
    """A server that runs while the tests of a module do: others look for processes left behind."""
    with cluster.running():
        yield cluster


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))]
)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/grades.sqlite"
    server: Cluster = request.getfixturevalue("postgres")
    return server.url(server.new_database())
