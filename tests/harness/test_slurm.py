"""The job script of docs/cluster.md, on a Slurm of one machine."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from batches import write_suite
from harness.execution.build import ROOT
from processes import left_of
from slurm import slurm
from submissions import mistaken, plain

pytestmark = [
    pytest.mark.needs("slurm-wlm", "python3-distributed"),
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="Slurm starts jobs as root"),
]


def job_script(folder: Path) -> str:
    """The script in the documentation, for submissions in a folder."""
    page = (ROOT / "docs" / "cluster.md").read_text()
    found = re.search(r"^#!/bin/sh\n#SBATCH .*?(?=^```$)", page, re.MULTILINE | re.DOTALL)
    assert found is not None
    return (
        found[0]
        .replace("path/to/osmem", str(ROOT))
        .replace("path/to/submissions", f"{folder}/submissions")
        .replace("path/to/results", f"{folder}/job --suite {folder}/short.toml --seed test")
    )


def test_a_job_gives_the_gradebook_of_one_machine(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    plain(tmp_path / "submissions" / "plain" / "src")
    mistaken(tmp_path / "submissions" / "mistaken" / "src", "fit-worst")
    write_suite(tmp_path / "short.toml", ROOT)
    (tmp_path / "job.sh").write_text(job_script(tmp_path))
    options = ["--nodes=1", "--cpus-per-task=1", f"--output={tmp_path}/printed", "--wait"]
    (tmp_path / "slurm").mkdir()
    with slurm(tmp_path / "slurm") as env:
        command = ["sbatch", *options, f"{tmp_path}/job.sh"]
        ended = subprocess.run(command, env=env, check=False)
    assert ended.returncode == 0, (tmp_path / "printed").read_text()
    alone = ["--out", f"{tmp_path}/alone", "--suite", f"{tmp_path}/short.toml", "--seed", "test"]
    subprocess.run([ROOT / "checker.py", "grade", tmp_path / "submissions", *alone], check=True)
    gradebooks = [(tmp_path / out / "gradebook.csv").read_bytes() for out in ("job", "alone")]
    assert gradebooks[0] == gradebooks[1]
    assert left_of("slurm") == left_of("dask") == []
    assert not list(ROOT.glob("scheduler-*.json"))
