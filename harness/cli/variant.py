"""The command that makes variants of the assignment."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import click

from harness.cli.options import DEFAULT_SUITE, jobs_option
from harness.variants.settings import draw_policy, parse_settings, read_students
from harness.variants.making import Variant, make_variant, new_folder
from harness.reports.matrix import as_csv
from harness.specification.policy import POLICY_KEYS, Policy
from harness.suite import Suite, load_suite
from harness.tracers.ltrace import Ltrace

_MATRIX = "matrix.csv"
_STUDENTS = "students.csv"


@click.command("variant")
@click.argument("folder", type=click.Path(path_type=Path), metavar="NAME")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a setting of the policy; see docs/suite.md. Can be given several times.",
)
@click.option(
    "--suite",
    "base",
    type=click.Path(path_type=Path),
    default=DEFAULT_SUITE,
    metavar="FILE",
    help="Make a variant of the suite in this file.  [default: tests/suite.toml]",
)
@click.option(
    "--diagnosis/--no-diagnosis",
    default=None,
    help="Make the table by which mistakes are named, for some minutes each.  [default: make it,"
    " but not with --per-student]",
)
@click.option(
    "--per-student",
    "seed",
    metavar="SEED",
    help="Make a variant for each of --students, with numbers drawn by this seed.",
)
@click.option(
    "--students",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Name the students in this file, one a line, as their submissions are named.",
)
@jobs_option
def variant_command(
    folder: Path,
    settings: tuple[str, ...],
    base: Path,
    diagnosis: bool | None,
    seed: str | None,
    students: Path | None,
    jobs: int,
) -> None:
    """Make a variant of the assignment in the new folder NAME.

    Writes NAME/suite.toml, for --suite of all other commands, the references in NAME/ref, the
    assignment's text, and a matrix of what known mistakes cost. Proves that two right allocators
    pass all tests, and that each test notices mistakes against its rules.

    With --per-student, all this is in NAME/STUDENT, and NAME/students.csv has the settings.
    """
    if (seed is None) != (students is None):
        raise click.UsageError("expected --per-student and --students, found one of them")
    suite = load_suite(base)
    policy = parse_settings(settings, suite.policy)
    if seed is None or students is None:
        with new_folder(folder) as unfinished:
            made = _make(unfinished, suite, policy, jobs, diagnosis is not False)
        _tell(folder, made)
        return
    kept = [setting.partition("=")[0] for setting in settings]
    names = read_students(students)
    policies = {name: draw_policy(policy, kept, seed, name) for name in names}
    with new_folder(folder) as unfinished:
        for name, own in policies.items():
            (unfinished / name).mkdir()
            made = _make(unfinished / name, suite, own, jobs, bool(diagnosis))
            _tell(folder / name, made)
        _write_students(unfinished / _STUDENTS, policies)


def _make(folder: Path, base: Suite, policy: Policy, jobs: int, diagnosis: bool) -> Variant:
    made = make_variant(folder, base, policy, Ltrace(), jobs, diagnosis)
    (folder / _MATRIX).write_text(as_csv(made.suite, made.costs), encoding="utf-8")
    return made


def _write_students(path: Path, policies: Mapping[str, Policy]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["student", *POLICY_KEYS])
        for name, policy in policies.items():
            writer.writerow([name, *policy.settings().values()])


def _tell(folder: Path, made: Variant) -> None:
    costly = sum(cost.points > 0 for cost in made.costs)
    click.echo(
        f"{folder}/suite.toml: {len(made.suite.tests)} tests, {made.suite.points} points; two right"
        f" allocators pass all, and {costly} of {len(made.costs)} known mistakes cost points"
    )
    click.echo(f"A right solution of the suite it extends gets {made.points_of_base} points.")
    if made.unnoticed:
        click.echo(f"Not noticed here: {', '.join(made.unnoticed)}")
