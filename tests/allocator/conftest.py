"""The driver, built with each allocator and in each way that is tested."""

from __future__ import annotations

from pathlib import Path

import pytest

from building import PLAIN, build

SANITIZERS = "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all"
BUILDS = {"gcc": ("-O2 -g", "gcc"), "clang": ("-O2 -g", "clang"), "sanitized": (SANITIZERS, "gcc")}


@pytest.fixture(
    scope="session",
    params=[
        "gcc",
        pytest.param("clang", marks=pytest.mark.needs("clang")),
        "sanitized",
    ],
)
def any_build(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver, built by each compiler, and with sanitizers."""
    flags, compiler = BUILDS[request.param]
    return build(tmp_path_factory.mktemp("build"), flags=flags, compiler=compiler).link("driver")


@pytest.fixture(scope="session")
def sanitized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver, built with the sanitizers for addresses and undefined behaviour."""
    return build(tmp_path_factory.mktemp("build"), flags=SANITIZERS).link("driver")


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver with the plain implementation, built with the same sanitizers."""
    return build(tmp_path_factory.mktemp("build"), PLAIN, SANITIZERS).link("driver")
