"""The allocator, built in the ways it is tested."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from driver import ROOT, build_driver

settings.register_profile("default", deadline=None, max_examples=200)
settings.register_profile("thorough", deadline=None, max_examples=20_000)
settings.load_profile("default")

BUILDS = {
    "gcc": ("gcc", "-O2 -g"),
    "clang": ("clang", "-O2 -g"),
    "sanitized": ("gcc", "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all"),
}


@pytest.fixture(
    scope="session",
    params=[
        "gcc",
        pytest.param("clang", marks=pytest.mark.needs("clang")),
        "sanitized",
    ],
)
def any_build(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver with the library built by each compiler, and with the sanitizers."""
    compiler, flags = BUILDS[request.param]
    return build_driver(tmp_path_factory.mktemp("build"), flags=flags, compiler=compiler)


@pytest.fixture(scope="session")
def sanitized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver with the library built with the address and undefined behaviour sanitizers."""
    compiler, flags = BUILDS["sanitized"]
    return build_driver(tmp_path_factory.mktemp("build"), flags=flags, compiler=compiler)


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver with the plain implementation, built with the sanitizers."""
    compiler, flags = BUILDS["sanitized"]
    source = ROOT / "tests" / "plain"
    return build_driver(tmp_path_factory.mktemp("build"), source, flags, compiler)
