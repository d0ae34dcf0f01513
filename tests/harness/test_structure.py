"""Imports have one direction: a package knows those below it, and no circle leads back to it."""

from __future__ import annotations

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from harness.execution.build import ROOT

HARNESS = ROOT / "harness"
PACKAGES = sorted(
    str(path.parent.relative_to(HARNESS)).replace("/", ".")
    for path in HARNESS.rglob("__init__.py")
    if path.parent != HARNESS
)
MOST_ARROWS = 68


def package_of(module: str) -> str:
    """The package that a module of the harness is in, or the module itself at the top."""
    inside = module.removeprefix("harness.")
    packages = [name for name in PACKAGES if inside == name or inside.startswith(f"{name}.")]
    return max(packages, key=len, default=inside)


def imports_of(path: Path) -> set[str]:
    """The modules of the project that a Python file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            # "from harness.trace import compare" names a module; "... import Trace" does not.
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            modules = [n for n in names if (ROOT / f"{n.replace('.', '/')}.py").is_file()]
            found |= set(modules or [str(node.module)])
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.split(".")[0] in ("harness", "bench", "tests")}


def arrows() -> dict[str, set[str]]:
    """What each package, and each module beside the packages, imports."""
    known: dict[str, set[str]] = {}
    for path in sorted(HARNESS.rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if module != "harness":
            package = package_of(module)
            known.setdefault(package, set()).update(map(package_of, imports_of(path)))
    return {package: others - {package, "harness"} for package, others in known.items()}


def may_know(package: str) -> set[str]:
    """What a package's docstring allows it to import."""
    tree = ast.parse((HARNESS / package.replace(".", "/") / "__init__.py").read_text())
    allowed = re.search(
        r"^May know: ((?:[^.]|\.(?=\w))*)\.", ast.get_docstring(tree) or "", re.MULTILINE
    )
    assert allowed is not None, f"{package}: expected a docstring with 'May know: ...'"
    return set(re.split(r",\s+", allowed[1]))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_knows_only_those_it_may_know(package: str) -> None:
    inner = {name for name in PACKAGES if name.startswith(f"{package}.")}
    assert arrows()[package] <= may_know(package) | inner


def test_no_circle_leads_back_to_a_package() -> None:
    allowed = {name: may_know(name) for name in PACKAGES}
    TopologicalSorter(allowed).prepare()
    TopologicalSorter(arrows()).prepare()


def test_there_are_few_arrows_between_packages() -> None:
    between = {package: others & set(PACKAGES) for package, others in arrows().items()}
    assert sum(map(len, between.values())) <= MOST_ARROWS


def test_modules_form_no_circle() -> None:
    graph = {}
    for path in HARNESS.rglob("*.py"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        graph[module] = imports_of(path) - {module}
    TopologicalSorter(graph).prepare()


def layers_of_c() -> dict[str, int]:
    """The layer of each part of the allocator, as docs/design.md has it."""
    rows = re.findall(r"^\| (\d+) \| (`.*`) \|$", (ROOT / "docs" / "design.md").read_text(), re.M)
    return {part: int(layer) for layer, parts in rows for part in re.findall(r"`(\w+)`", parts)}


def test_each_part_of_the_allocator_has_a_layer() -> None:
    parts = {path.stem for path in (ROOT / "src").glob("*.[ch]")}
    assert parts == set(layers_of_c())


def test_a_part_of_the_allocator_includes_only_parts_of_lower_layers() -> None:
    layers = layers_of_c()
    for path in sorted((ROOT / "src").glob("*.[ch]")):
        for header in re.findall(r'^#include "(\w+)\.h"', path.read_text(), re.M):
            shared = (ROOT / "utils" / f"{header}.h").is_file()
            assert shared or header == path.stem or layers[header] < layers[path.stem], path


@pytest.mark.parametrize("folder", ["harness", "bench"])
def test_what_is_shipped_imports_no_tests(folder: str) -> None:
    tests = {path.stem for path in (ROOT / "tests").rglob("*.py")}
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.module not in tests, path
