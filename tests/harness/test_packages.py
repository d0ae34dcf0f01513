"""tools/install-packages: silent where all is there; one line of advice where it can't help."""

from __future__ import annotations

import subprocess
from pathlib import Path

from harness.build import ROOT

SCRIPT = ROOT / "tools" / "install-packages"


def install(path: str, *purposes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", SCRIPT, *purposes],
        env={"PATH": path},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def tools_without(folder: Path, *absent: str) -> str:
    """A PATH with the tools the script itself uses, and all that packages.txt asks for but some."""
    folder.mkdir()
    listed = [
        line.split("|")[2].strip()
        for line in (ROOT / "packages.txt").open()
        if "|" in line and line[0] != "#"
    ]
    for tool in ("grep", "dirname", "id", "mktemp", "rm", "tail", "env", *listed):
        if tool not in absent and ":" not in tool and "/" not in tool:
            (folder / tool).symlink_to(f"/usr/bin/{tool}")
    return str(folder)


def test_silent_where_all_is_there() -> None:
    ended = install("/usr/bin:/bin", "check", "test")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_without_apt_get_it_says_what_to_install_in_one_line(tmp_path: Path) -> None:
    ended = install(tools_without(tmp_path / "bin", "ltrace", "nm"), "check")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.count("\n") == 1
    assert "apt-get install binutils ltrace" in ended.stderr


def test_libraries_are_looked_for_where_the_loader_does(tmp_path: Path) -> None:
    path = tools_without(tmp_path / "bin")
    ldconfig = tmp_path / "bin" / "ldconfig"
    ldconfig.write_text("#!/bin/bash\necho '\tlibmimalloc.so.2 (libc6) => /lib/libmimalloc.so.2'\n")
    ldconfig.chmod(0o755)
    ended = install(path, "bench")
    assert ended.returncode == 2
    assert "apt-get install libjemalloc2 libtcmalloc-minimal4" in ended.stderr


def test_a_purpose_that_was_not_named_is_not_looked_at(tmp_path: Path) -> None:
    ended = install(tools_without(tmp_path / "bin", "clang"), "check")
    assert ended.returncode == 0


def test_what_is_missing_is_installed_and_said_why(tmp_path: Path) -> None:
    path = tools_without(tmp_path / "bin", "ltrace")
    apt = tmp_path / "bin" / "apt-get"
    apt.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/called\n')
    apt.chmod(0o755)
    ended = install(path, "check")
    assert ended.returncode == 0
    assert "ltrace: watches the calls" in ended.stdout
    called = (tmp_path / "called").read_text().splitlines()
    assert called[0].endswith("update")
    assert called[1].endswith("--no-install-recommends ltrace")
