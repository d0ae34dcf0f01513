"""The files for platforms work as they are, as far as that shows without the platforms."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from harness.execution.build import BUILD, ROOT
from submissions import mistaken, plain

PLATFORMS = ROOT / "platforms"
DOCUMENTED = {
    *("score", "execution_time", "output", "output_format", "test_output_format"),
    *("test_name_format", "visibility", "stdout_visibility", "extra_data", "tests", "leaderboard"),
}
"""The keys of a results.json that Gradescope knows."""
DOCUMENTED_OF_TESTS = {
    *("score", "max_score", "status", "name", "name_format", "number", "output", "output_format"),
    *("tags", "visibility", "extra_data"),
}


@pytest.fixture(name="suite")
def fixture_suite(tmp_path: Path) -> Path:
    """A suite of two tests, for 7 points."""
    path = tmp_path / "suite.toml"
    path.write_text(
        f'extends = "{ROOT}/tests/suite.toml"\nonly = ["malloc-arrays", "malloc-split-last"]\n'
    )
    return path


def run(command: Path, folder: Path, **variables: str | Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **{name: str(value) for name, value in variables.items()}}
    return subprocess.run(
        [command], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


# ---- Gradescope ----------------------------------------------------------------------------------


def test_gradescope_finds_results_in_the_fields_that_it_knows(tmp_path: Path, suite: Path) -> None:
    autograder = tmp_path / "autograder"
    (autograder / "source").mkdir(parents=True)
    (autograder / "source" / "osmem").symlink_to(ROOT)
    mistaken(autograder / "submission", "fit-worst")
    options = f"--suite {suite} --no-style"
    ended = run(
        PLATFORMS / "gradescope" / "run_autograder",
        tmp_path,
        AUTOGRADER=autograder,
        OSMEM_ARGS=options,
    )
    assert ended.returncode == 0, ended.stderr
    result = json.loads((autograder / "results" / "results.json").read_text())
    assert set(result) <= DOCUMENTED
    assert all(set(test) <= DOCUMENTED_OF_TESTS for test in result["tests"])
    assert {result[key] for key in result if key.endswith("_format")} == {"text"}
    assert result["visibility"] == "visible"
    assert {test["status"] for test in result["tests"]} == {"passed", "failed"}
    scores = {test["name"]: (test["score"], test["max_score"]) for test in result["tests"]}
    assert scores == {"malloc-arrays": (5, 5), "malloc-split-last": (0, 2)}
    assert result["score"] == 5


def test_gradescope_gets_no_results_if_nothing_was_graded(tmp_path: Path) -> None:
    autograder = tmp_path / "autograder"
    (autograder / "source").mkdir(parents=True)
    (autograder / "source" / "osmem").symlink_to(ROOT)
    (autograder / "submission").mkdir()
    options = f"--suite {tmp_path}/none.toml"
    ended = run(
        PLATFORMS / "gradescope" / "run_autograder",
        tmp_path,
        AUTOGRADER=autograder,
        OSMEM_ARGS=options,
    )
    assert ended.returncode == 2
    assert "none.toml" in ended.stderr
    assert not (autograder / "results" / "results.json").exists()


# ---- Moodle's VPL --------------------------------------------------------------------------------


def in_vpl(folder: Path, script: str, args: str = "") -> str:
    """What VPL reads after a script of ours."""
    assert run(PLATFORMS / "vpl" / script, folder).returncode == 0
    settings: dict[str, str | Path] = {"OSMEM": ROOT, "OSMEM_BUILD": BUILD, "OSMEM_ARGS": args}
    return run(folder / "vpl_execution", folder, **settings).stdout


def test_vpl_reads_one_grade_from_an_evaluation(tmp_path: Path, suite: Path) -> None:
    folder = plain(tmp_path / "submission")
    printed = in_vpl(folder, "vpl_evaluate.sh", f"--suite {suite} --no-style")
    assert re.findall("^Grade :=>> .*$", printed, re.MULTILINE) == ["Grade :=>> 7.00"]
    assert printed.startswith("Comment :=>>-7 of 7 points\n")


def test_vpl_reads_no_grade_if_nothing_was_graded(tmp_path: Path) -> None:
    folder = plain(tmp_path / "submission")
    printed = in_vpl(folder, "vpl_evaluate.sh", "--suite none.toml")
    assert printed.startswith("Comment :=>>-The checker could not run: no grade\n")
    assert "none.toml" in printed
    assert "Grade :=>>" not in printed


def test_vpl_runs_all_tests_of_a_submission_without_a_makefile(tmp_path: Path) -> None:
    (tmp_path / "submission").mkdir()
    (tmp_path / "submission" / "osmem.c").write_text("int x = ;\n")
    printed = in_vpl(tmp_path / "submission", "vpl_run.sh")
    assert "osmem.c:1" in printed and "0 of 90 points" in printed


# ---- Docker --------------------------------------------------------------------------------------


def test_the_dockerfile_copies_what_there_is_and_runs_commands_that_can_be_read() -> None:
    lines = (PLATFORMS / "Dockerfile").read_text().splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    assert steps[0] == ["FROM", "debian:12-slim"]
    for instruction, rest in steps:
        if instruction == "COPY":
            source, target = rest.split()
            assert (ROOT / source).exists() and target.startswith("/opt/osmem")
        elif instruction == "RUN":
            subprocess.run(["bash", "-n", "-c", rest], check=True)
        elif instruction == "ENTRYPOINT":
            assert os.access(ROOT / json.loads(rest)[0], os.X_OK)
