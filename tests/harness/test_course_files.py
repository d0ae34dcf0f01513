"""What a teacher writes for a course, and how platforms name what students hand in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from command import assert_could_not_run, checker
from grades import ANA, CRASHED, GRADE, PASSED
from harness.course.deadlines import Deadline, Lateness, LateRules, lateness
from harness.course.feedback_files import participants
from harness.course.hints import Hints, with_hints
from harness.course.joining import Joined, join
from harness.course.roster import Extension, RosterError, Student, read_roster
from harness.course.settings import load_course
from harness.course.table import Row, Table
from harness.course.translation import known_locales, translations
from harness.course.visibility import HIDDEN, Show, When, all_due, for_student, hidden_tests
from harness.errors import UserError
from harness.execution.build import ROOT
from harness.reports import student
from harness.reports.audience import Audience
from harness.results.diagnosis import Cause, Diagnosis
from harness.results.grade import Graded
from harness.specification.rules import RULES
from harness.suite import load_suite

BERLIN = ZoneInfo("Europe/Berlin")
SUITE = load_suite(ROOT / "tests" / "suite.toml")
ADA = Student("1", "Ada Lovelace", login="ada", participant="11", canvas="111", email="a@x.org")
NAMES = '[names]\nplatform = "moodle"\n'


def joined(folder: Path, settings: str, students: Sequence[Student], *names: str) -> Joined:
    """Join submissions of these names, made an hour apart, by the settings of a course."""
    (folder / "submissions").mkdir(exist_ok=True)
    for number, name in enumerate(names):
        path = folder / "submissions" / name
        path.write_text("")
        os.utime(path, (3600 * number, 3600 * number))
    (folder / "course.toml").write_text(settings, encoding="utf-8")
    return join(load_course(folder / "course.toml"), students)


def counted(found: Joined) -> dict[str, str]:
    return {owner: submission.name for owner, submission in found.counted.items()}


# ---- Names of submissions ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ('platform = "moodle"', "Ada Lovelace_11_assignsubmission_file_"),
        ('platform = "moodle"', "Lovelace ADA_99_assignsubmission_file_x.zip"),
        ('platform = "github"', "malloc-lab-ada"),
        ('platform = "canvas"', "lovelaceada_LATE_111_5_osmem.zip"),
        ("pattern = '(?P<email>.+)\\.tar'", "A@X.org.tar"),
        ("pattern = 'hw1-(?P<id>.*)'", "hw1-1"),
    ],
)
def test_a_name_tells_whose_a_submission_is(settings: str, name: str, tmp_path: Path) -> None:
    others = [Student("2", "Ben Lovelace", login="lovelace-b"), Student("3", "Bo Ada")]
    found = joined(tmp_path, f"[names]\n{settings}\n", [ADA, *others], name)
    assert counted(found) == {"1": name}
    assert found.counted["1"].time_from == "the time its file was changed"


@pytest.mark.parametrize(
    ("ours", "moodles"),
    [
        ("Zoë Ångström", "Zoe\u0308 A\u030angstro\u0308m"),
        ("García Márquez, Gabriel José", "Gabriel José García Márquez"),
        ("Jürgen Groß-Müller", "Groß-Müller Jürgen"),
        ("O’Neil, Seán", "Seán O'Neil"),
        ("van der Berg, Anna_Lena", "Anna Lena van der Berg"),
    ],
)
def test_a_name_is_found_however_it_is_written(ours: str, moodles: str, tmp_path: Path) -> None:
    others = [Student("2", "Gabriel García"), Student("3", "Anna Berg")]
    name = f"{moodles}_1_assignsubmission_file_x.zip"
    assert counted(joined(tmp_path, NAMES, [Student("1", ours), *others], name)) == {"1": name}


def test_a_name_that_two_students_have_is_nobodys_without_a_number(tmp_path: Path) -> None:
    twins = [Student("1", "Kim Lee", participant="11"), Student("2", "Kim Lee")]
    names = ("Kim Lee_11_assignsubmission_file_x.zip", "Kim Lee_12_assignsubmission_file_x.zip")
    found = joined(tmp_path, NAMES, twins, *names)
    assert counted(found) == {"1": names[0]}
    assert "2 students have the name 'Kim Lee': 1, 2" in found.unmatched[names[1]]


def test_a_time_in_a_name_is_in_the_zone_of_the_course(tmp_path: Path) -> None:
    own = "pattern = '(?P<id>\\d)-(?P<time>.+)\\.zip'\ntime_format = '%Y%m%d-%H%M'\n"
    settings = f'time_zone = "Europe/Berlin"\n[names]\n{own}'
    found = joined(
        tmp_path, settings, [ADA], "1-20260701-2359.zip", "1-20260701-2358.zip", "1-x.zip"
    )
    assert found.counted["1"].time == datetime(2026, 7, 1, 21, 59, tzinfo=timezone.utc)
    assert found.counted["1"].time_from == "the file's name"
    assert [each.submission.name for each in found.ignored["1"]] == ["1-20260701-2358.zip"]
    assert "expected a time" in found.unmatched["1-x.zip"]


def test_gradescopes_list_tells_students_and_times(tmp_path: Path) -> None:
    (tmp_path / "submissions").mkdir()
    listed = tmp_path / "submissions" / "submission_metadata.yml"
    listed.write_text(
        "---\nsubmission_77:\n  :submitters:\n  - :name: Ada L.\n    :sid: '1'\n"
        "  - :name: Ben\n    :email: B@x.org\n"
        "  :created_at: 2026-03-01 10:00:00.123456000 Z\n  :score: 0.0\n"
    )
    settings = '[names]\nplatform = "gradescope"\nlist = "submissions/submission_metadata.yml"\n'
    ben = Student("2", "Ben", email="b@x.org")
    found = joined(tmp_path, settings, [ADA, ben], "submission_77", "submission_78")
    assert counted(found) == {"1": "submission_77", "2": "submission_77"}
    assert found.counted["1"].time == datetime(2026, 3, 1, 10, 0, 0, 123456, timezone.utc)
    assert found.counted["1"].time_from == "submission_metadata.yml"
    assert found.unmatched == {"submission_78": "submission_metadata.yml does not list it"}
    listed.write_text("submission_77: 5\n")
    with pytest.raises(UserError, match="expected gradescope's list of submissions"):
        join(load_course(tmp_path / "course.toml"), [ADA])


def test_github_classrooms_list_tells_students_and_times(tmp_path: Path) -> None:
    (tmp_path / "grades.csv").write_text(
        "assignment_name,github_username,roster_identifier,student_repository_name,"
        "submission_timestamp\nmalloc,ada,1,malloc-ada,2026-03-01T10:00:00+00:00\n"
    )
    settings = '[names]\nplatform = "github"\nlist = "grades.csv"\n'
    found = joined(tmp_path, settings, [ADA], "malloc-ada")
    assert found.counted["1"].time == datetime(2026, 3, 1, 10, tzinfo=timezone.utc)


def test_a_group_shares_its_latest_submission(tmp_path: Path) -> None:
    names = [f"{n}_1_assignsubmission_file_" for n in ("Ada Lovelace", "Bo Li", "Cy Bo")]
    students = [
        replace(ADA, group="A"),
        *(Student("2", "Bo Li", group="A"), Student("3", "Cy Bo"), Student("4", "Di")),
    ]
    found = joined(tmp_path, f"groups_share = true\n{NAMES}", students, *names)
    assert counted(found) == {"1": names[1], "2": names[1], "3": names[2]}


def test_the_number_in_a_name_is_not_that_of_all_who_share_it(tmp_path: Path) -> None:
    name = "Ada Lovelace_11_assignsubmission_file_x.zip"
    students = [Student("1", "Ada Lovelace", group="A"), Student("2", "Bo Li", group="A")]
    for shares, expected in ((students, ["", ""]), (students[:1], ["11"])):
        found = joined(tmp_path, f"groups_share = true\n{NAMES}", shares, name).counted
        late = Lateness(None, None, 0, 0, Decimal(0))
        rows = tuple(Row(each, found[each.id], (), None, {}, late) for each in shares)
        table = Table(rows, {}, (), 0, {})
        assert [number for _, number in participants(table)] == expected


# ---- Deadlines -----------------------------------------------------------------------------------

DUE = datetime(2026, 3, 28, 23, 59, tzinfo=BERLIN)
"""Half a day before clocks are put forward."""


@pytest.mark.parametrize(
    ("late", "student", "rules", "penalty"),
    [
        (timedelta(0), ADA, LateRules(Decimal(5)), 0),
        (timedelta(seconds=1), ADA, LateRules(Decimal(5)), 5),
        (timedelta(hours=24), ADA, LateRules(Decimal(5)), 5),
        (timedelta(hours=24, seconds=1), ADA, LateRules(Decimal(5)), 10),
        (timedelta(hours=30), replace(ADA, late_days=1), LateRules(Decimal(5)), 5),
        (timedelta(hours=30), ADA, LateRules(Decimal(5), most=Decimal(7)), 7),
        (timedelta(hours=30), ADA, LateRules(Decimal("2.5"), "percent"), Decimal("4.05")),
        (timedelta(days=90), ADA, LateRules(Decimal(5)), 81),
        (timedelta(minutes=9), ADA, LateRules(Decimal(5), grace=timedelta(minutes=10)), 0),
        (
            timedelta(hours=30),
            replace(ADA, extension=Extension(None, days=2)),
            LateRules(Decimal(5)),
            0,
        ),
    ],
)
def test_what_it_costs_to_be_late(
    late: timedelta, student: Student, rules: LateRules, penalty: Decimal | int
) -> None:
    submitted = (DUE.astimezone(timezone.utc) + late).astimezone(BERLIN)
    assert lateness(student, submitted, 81, (Deadline(DUE, None, ()),), rules).penalty == penalty


def berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)


@pytest.mark.parametrize(
    ("due", "submitted", "days"),
    [
        ("2026-10-24T23:59", berlin("2026-10-25T23:59"), 1),  # 25 hours later
        ("2026-10-24T23:59", berlin("2026-10-26T00:00"), 2),
        ("2026-10-25T02:30", berlin("2026-10-25T02:10", fold=1), 1),  # by the clock, it is earlier
        ("2026-03-28T23:59", berlin("2026-03-29T23:59"), 1),  # 23 hours later
        ("2026-03-28T23:59", berlin("2026-03-30T00:59"), 1),
        ("2026-03-28T23:59", berlin("2026-03-30T01:00"), 2),
    ],
)
def test_a_day_on_which_clocks_change_is_one_day(due: str, submitted: datetime, days: int) -> None:
    deadlines = (Deadline(berlin(due), None, ()),)
    assert lateness(ADA, submitted, 81, deadlines, LateRules(Decimal(1))).days == days


def test_an_extension_by_hours_lasts_as_long_when_clocks_change() -> None:
    eve = berlin("2026-10-24T23:59")
    assert Extension(None, hours=12).moves(eve) == berlin("2026-10-25T10:59")
    assert Extension(None, days=1).moves(eve) == berlin("2026-10-25T23:59")


def test_the_later_of_two_submissions_counts_when_clocks_are_put_back(tmp_path: Path) -> None:
    own = "pattern = '(?P<id>\\d)-(?P<time>.+)\\.zip'\ntime_format = '%Y%m%dT%H%M%z'\n"
    settings = f'time_zone = "Europe/Berlin"\n[names]\n{own}'
    names = ("1-20261025T0210+0100.zip", "1-20261025T0250+0200.zip")
    assert counted(joined(tmp_path, settings, [ADA], *names)) == {"1": names[0]}


# ---- Files that are wrong ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,nmae\n", "roster.csv:1: expected the columns id, name"),
        ("id,name\n1,A\n1,B\n", "roster.csv:3: id: expected each id once, found '1' again"),
        ("id,name\n1,\n", "roster.csv:2: name: expected a text, found none"),
        ("id,name,override\n1,A,NaN\n", "override: expected points, 0 or more, found 'NaN'"),
        ("id,name,override\n1,A,5\n", "reason: expected a text for the override, found none"),
        ("id,name,late days\n1,A,-1\n", "late days: expected a whole number, found '-1'"),
        ("id,name,extension\n1,A,soon\n", "extension: expected a time such as"),
        ("", "expected a line of headings, found nothing"),
        ('id,name\n1,"A\n', "expected a table in CSV"),
    ],
)
def test_a_wrong_roster_is_one_line(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RosterError) as caught:
        read_roster(path, BERLIN)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_roster_may_come_from_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    headings = "ID Number;First name;Last name;Email address;Extension"
    text = f"{headings}\r\n007;Zoë;Å;z@x;2026-01-01T10:00\r\n;;;;\r\n"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    (zoe,) = read_roster(path, BERLIN)
    assert (zoe.id, zoe.name, zoe.email) == ("007", "Zoë Å", "z@x")
    assert zoe.extension == Extension(datetime(2026, 1, 1, 10, tzinfo=BERLIN))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("unknown = 1", "course: expected one of assignment, suite"),
        ("= 1", "not a TOML file"),
        ('time_zone = "Mars"', "time_zone: expected a name such as 'Europe/Berlin'"),
        ('locale = "xx"', "locale: expected one of en, de, found 'xx'"),
        ("groups_share = 1", "groups_share: expected true or false"),
        ("suite = 5", "suite: expected a path, found 5"),
        ("", "names: expected either platform or pattern, found none"),
        ('[names]\npattern = "("', "names: pattern: expected a regular expression"),
        ('[names]\npattern = "(?P<age>.)"', "names: pattern: expected groups named id, email"),
        ('[names]\nplatform = "gradescope"', "names: list: expected the path of"),
        ("[[deadline]]\ndue = 5", "deadline: due: expected a time such as"),
        ("[late]\nper_day = -1", "late: per_day: expected 0 to"),
        ('[late]\nunit = "euros"', "late: unit: expected points or percent"),
        ('[[show]]\ntests = ["x"]\nwhen = "staff"', "show: tests: no test is named 'x'"),
        ('[[show]]\ntests = ["all"]\nwhen = "now"', "show: when: expected always, after-due"),
        (
            '[[show]]\ntests = ["all"]\nwhen = "after-due"',
            "show: after-due: expected a [[deadline]]",
        ),
        ('[hints.rules]\nbest-fti = "x"', "did you mean 'best-fit'?"),
        ("[similarity]\nthreshold = 0", "similarity: threshold: expected 1 to 100"),
    ],
)
def test_wrong_settings_are_one_line(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "course.toml"
    names = "" if "names" in content or not content else NAMES
    path.write_text(f"{content}\n{names}")
    with pytest.raises(UserError) as caught:
        load_course(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_settings_that_are_missing_end_with_status_2(tmp_path: Path) -> None:
    ended = checker("table", "--course", tmp_path / "course.toml")
    assert_could_not_run(ended, "course.toml: can't be read")


# ---- What students see ---------------------------------------------------------------------------

CAUSE = Cause(("fit-first",), ("First fit.",), ("best-fit",), ("realloc-arrays", "all"))
FOUND = Diagnosis((CAUSE,), (), ("realloc-arrays",), ("all",), (), 9)
FAILED = Graded("ana", replace(GRADE, diagnosis=FOUND))


def test_the_first_entry_for_a_test_decides_when_it_is_shown() -> None:
    shows = (Show(("malloc-arrays",), When.ALWAYS), Show(("malloc-*", "all"), When.AFTER_DUE))
    names = {test.name for test in SUITE.tests if test.name.startswith("malloc-")} | {"all"}
    assert hidden_tests(SUITE, shows, after_due=False) == names - {"malloc-arrays"}
    assert hidden_tests(SUITE, shows, after_due=True) == set()


def test_nobody_sees_a_test_before_the_last_extension_has_ended() -> None:
    later = replace(ADA, extension=Extension(None, days=7))
    deadlines = (Deadline(DUE, None, ()),)
    for students, passed in (([ADA], True), ([ADA, later], False)):
        assert all_due(students, deadlines, DUE + timedelta(days=1)) is passed


def test_what_is_hidden_is_in_no_report_but_its_points_count() -> None:
    seen = for_student(FAILED, {"realloc-arrays", "malloc-split-last"})
    assert (seen.grade.points, seen.grade.max_points) == (GRADE.points, GRADE.max_points)
    assert [t.name for t in seen.grade.tests] == ["malloc-arrays", "all", HIDDEN]
    assert (seen.grade.flags, seen.grade.origin.seed) == ((), "")
    assert seen.grade.diagnosis.causes[0].tests == ("all",)
    for name in ("realloc-arrays", "malloc-split-last", "SIGSEGV"):
        assert name not in student.render(seen)
    assert for_student(FAILED, {"realloc-arrays", "all"}).grade.diagnosis.causes == ()


def test_hints_stand_with_what_they_are_about() -> None:
    hints = Hints(
        {"realloc-arrays": "Test hint."}, {"best-fit": "Rule hint."}, {"fit-first": "Fit."}
    )
    report = student.render(replace(FAILED, grade=with_hints(FAILED.grade, hints, SUITE)))
    assert "Test hint." in report and "Fit. Rule hint." in report
    passed = with_hints(replace(GRADE, tests=(PASSED,)), Hints({"malloc-arrays": "x"}), SUITE)
    assert passed.tests == (PASSED,)


@pytest.mark.parametrize("locale", set(known_locales()) - {"en"})
def test_a_language_has_all_rules(locale: str) -> None:
    texts = translations(locale)
    for rule in RULES.values():
        assert texts.gettext(rule.sentence) != rule.sentence
    with Audience(translations=texts).listening():
        assert "points" not in student.render(replace(ANA, grade=replace(GRADE, tests=(CRASHED,))))
    assert "points" in student.render(ANA)
