"""tools/install-packages prints nothing if no package is missing, and one line of advice if it
can't install a needed one. A missing optional one skips only the tests that need it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from command import outside_make
from harness.execution.build import ROOT

SCRIPT = ROOT / "tools" / "install-packages"


def install(path: str, *purposes: str, script: Path = SCRIPT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", script, *purposes],
        env={"PATH": path},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def write_script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)


def tools_without(folder: Path, *absent: str) -> str:
    """A PATH with the tools of the script itself and of packages.txt, except some."""
    folder.mkdir()
    listed = [
        line.split("|")[2].strip()
        for line in (ROOT / "packages.txt").open()
        if "|" in line and line[0] != "#"
    ]
    own = ("grep", "dirname", "id", "mktemp", "rm", "tail", "env", "cut")
    for tool in {*own, *listed} - {*absent}:
        if ":" not in tool and "/" not in tool:
            (folder / tool).symlink_to(f"/usr/bin/{tool}")
    return str(folder)


def offer(folder: Path, **packages: str) -> Path:
    """Make an apt-get that has some packages, each with one tool, and fails for others. Return the
    file that lists what it was asked to install."""
    asked = folder / "asked"
    tools = " ".join(f"[{name.replace('_', '-')}]={tool}" for name, tool in packages.items())
    write_script(
        folder / "apt-get",
        f"""declare -A tools=({tools})
        while [ "$1" != --no-install-recommends ]; do [ $# -gt 0 ] || exit 0; shift; done
        shift; echo "$*" >>{asked}
        for name; do [ "${{tools[$name]}}" ] || exit 100; done
        for name; do /bin/cp "$0" {folder}/"${{tools[$name]}}"; done
        """,
    )
    write_script(
        folder / "apt-cache", f'declare -A tools=({tools}); [ "${{tools[$2]}}" ] && echo "$2 | 1"'
    )
    write_script(folder / "sudo", '[ "$1" = -n ] && shift; "$@"')
    return asked


def test_silent_where_all_is_there() -> None:
    ended = install("/usr/bin:/bin", "check", "test")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_the_checker_starts_with_the_packages_of_make_check_alone() -> None:
    rows = [line.split("|") for line in (ROOT / "packages.txt").open() if "|" in line]
    modules = {
        probe.strip().removeprefix("python:")
        for purpose, _, probe, _ in rows
        if purpose.strip() != "check" and probe.strip().startswith("python:")
    }
    assert "sqlalchemy" in modules
    absent = f"sys.modules.update(dict.fromkeys({sorted(modules)}))"
    code = f"import sys; {absent}; from harness.cli.main import run; run()"
    ended = subprocess.run(
        ["/usr/bin/python3", "-c", code, "--help"], capture_output=True, text=True, cwd=ROOT
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_without_apt_get_it_says_what_to_install_in_one_line(tmp_path: Path) -> None:
    ended = install(tools_without(tmp_path / "bin", "ltrace", "nm"), "check")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.count("\n") == 1
    assert "apt-get install binutils ltrace" in ended.stderr


def test_libraries_are_looked_for_where_the_loader_does(tmp_path: Path) -> None:
    path = tools_without(tmp_path / "bin")
    ldconfig = "echo '\tlibmimalloc.so.3 (libc6) => /lib/libmimalloc.so.3'"
    write_script(tmp_path / "bin" / "ldconfig", ldconfig)
    missing = install(path, "--missing", "bench").stdout.splitlines()
    assert len(missing) == 2
    assert "libjemalloc2" in missing


def test_a_purpose_that_was_not_named_is_not_looked_at(tmp_path: Path) -> None:
    ended = install(tools_without(tmp_path / "bin", "clang"), "check")
    assert ended.returncode == 0


def test_what_is_missing_is_installed_with_the_reason(tmp_path: Path) -> None:
    path = tools_without(tmp_path / "bin", "ltrace")
    asked = offer(tmp_path / "bin", ltrace="ltrace")
    ended = install(path, "check")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "ltrace: records the calls" in ended.stdout
    assert asked.read_text() == "ltrace\n"


def test_a_needed_package_that_does_not_exist_is_an_error_of_one_line(tmp_path: Path) -> None:
    path = tools_without(tmp_path / "bin", "ltrace", "nm")
    offer(tmp_path / "bin", binutils="nm")
    ended = install(path, "check")
    assert ended.returncode == 2
    assert ended.stderr.startswith("ltrace: not installed, and apt-get failed: run 'apt-get inst")
    assert (tmp_path / "bin" / "nm").exists()


def test_an_optional_package_that_does_not_exist_is_no_error(tmp_path: Path) -> None:
    path = tools_without(tmp_path / "bin", "strace", "uftrace", "ltrace")
    offer(tmp_path / "bin", strace="strace", ltrace="ltrace")
    ended = install(path, "trace", "check")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines()[-2].startswith("Not available")
    assert ended.stdout.splitlines()[-1].startswith("  uftrace: ")
    assert (tmp_path / "bin" / "strace").exists()


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [("pkgconf", "pkgconf"), ("pkg_config", "pkg-config")],
)
def test_the_first_alternative_that_exists_is_taken(
    tmp_path: Path, offered: str, chosen: str
) -> None:
    path = tools_without(tmp_path / "bin", "pkg-config")
    asked = offer(tmp_path / "bin", **{offered: "pkg-config"})
    assert install(path, "programs").returncode == 0
    assert chosen in asked.read_text().splitlines()[-1].split()


def test_versions_are_those_of_what_is_installed(tmp_path: Path) -> None:
    path = tools_without(tmp_path / "bin", "gcc")
    write_script(tmp_path / "bin" / "gcc", "echo 77.1.0")
    packages = (ROOT / "packages.txt").read_text()
    project = tmp_path / "project"
    shutil.copytree(ROOT / "tools", project / "tools")
    row = "programs | libgcc-{gcc}-dev-arm64-cross | no-such-tool | what it is for\n"
    (project / "packages.txt").write_text(packages + row)
    offer(tmp_path / "bin", **{"libgcc_77_dev_arm64_cross": "no-such-tool"})
    ended = install(path, "programs", script=project / "tools" / "install-packages")
    assert "  libgcc-77-dev-arm64-cross: what it is for" in ended.stdout
    assert (tmp_path / "bin" / "no-such-tool").exists()


ADDED = """
import pytest

@pytest.mark.needs("no-such-package")
def test_with_it() -> None:
    raise AssertionError

def test_without_it() -> None:
    pass
"""


def test_a_package_that_does_not_exist_costs_only_the_tests_that_need_it(tmp_path: Path) -> None:
    project = tmp_path / "project"
    for name in ("Makefile", "pyproject.toml", "packages.txt", "tools", "tests/conftest.py"):
        (project / name).parent.mkdir(exist_ok=True, parents=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, project / name)
        else:
            shutil.copy(ROOT / name, project / name)
    with (project / "packages.txt").open("a") as packages:
        packages.write("programs | no-such-package | no-such-tool | is needed by nobody\n")
    (project / "tests" / "test_added.py").write_text(ADDED)
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    offer(bin_folder)
    ended = subprocess.run(
        ["make", "test", "ARGS=tests/test_added.py"],
        cwd=project,
        env={**outside_make(), "PATH": f"{bin_folder}:/usr/sbin:/usr/bin:/sbin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "  no-such-package: is needed by nobody" in ended.stdout
    assert "this system has no no-such-package" in ended.stdout
    assert "1 passed, 1 skipped" in ended.stdout.splitlines()[-1]
