"""The table of a course as files: for spreadsheets, and for the imports of Moodle and Canvas.

No text becomes a formula in any of them. CSV for spreadsheets begins with a byte order mark: they
take UTF-8 for something else without it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from harness.course.columns import Cell, cells, headings
from harness.course.feedback_files import feedback_files, participants
from harness.course.settings import Course
from harness.course.table import Row, Table
from harness.reports.gradebook import guarded
from harness.text import printable

_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_MOST_CHARACTERS = 32_767
"""As many characters fit into a cell of a spreadsheet."""


@dataclass(frozen=True, slots=True)
class Export:
    """A format of the table."""

    suffix: str
    render: Callable[[Table, Course], bytes]
    """Raises `UserError` and `OSError`."""
    by_participant: bool = False
    """Whether it leaves out students whose number in Moodle is unknown."""


def number(value: Decimal) -> int | float:
    """Return points as a number of a spreadsheet: whole if they are."""
    return int(value) if value == value.to_integral_value() else float(value)


def plain(value: Decimal) -> str:
    """Return points in words: without zeros at the end."""
    return str(number(value))


# ---- Spreadsheets --------------------------------------------------------------------------------


def as_csv(table: Table) -> bytes:
    """Return the table in CSV for spreadsheets."""
    rows: Iterable[list[Cell]] = (cells(row, table) for row in table.rows)
    return _lines([list(headings(table)), *rows], _BOM)


def _lines(rows: Iterable[Iterable[Cell]], start: str = "") -> bytes:
    text = io.StringIO(start, newline="")
    text.seek(len(start))
    writer = csv.writer(text, lineterminator="\r\n")
    for row in rows:
        writer.writerow([_text(value) for value in row])
    return text.getvalue().encode()


def _text(value: Cell) -> str:
    match value:
        case None:
            return ""
        case Decimal():
            return plain(value)
        case int():
            return str(value)
    return guarded(value)


def _as_xlsx(table: Table, course: Course) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("grades")
    sheet.freeze_panes = "C2"
    rows: list[list[Cell]] = [list(headings(table)), *(cells(row, table) for row in table.rows)]
    for line, row in enumerate(rows):
        line_cells = []
        for value in row:
            cell = WriteOnlyCell(sheet)
            if isinstance(value, str):
                cell.value = printable(value)[:_MOST_CHARACTERS]
                cell.data_type = "s"  # even if it looks like a formula
            else:
                cell.value = number(value) if isinstance(value, Decimal) else value
            if line == 0:
                cell.font = Font(bold=True)
            line_cells.append(cell)
        sheet.append(line_cells)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


# ---- Other systems -------------------------------------------------------------------------------


def _as_moodle(table: Table, course: Course) -> bytes:
    """Return the file for Moodle's import of grades, which maps these headings by itself."""
    rows = [
        (row.student.id, row.student.email, row.student.name, row.total, _feedback(row))
        for row in table.rows
    ]
    item = course.assignment
    heading = ("ID number", "Email address", "Full name", item, f"{item} (Feedback)")
    return _lines([heading, *rows])


def _as_worksheet(table: Table, course: Course) -> bytes:
    """Return Moodle's grading worksheet of an assignment. It knows students by their number in the
    course; those whose number is unknown are left out."""
    heading = ("Identifier", "Full name", "Email address", "Grade", "Maximum Grade")
    rows = [
        (
            *(f"Participant {number}", row.student.name, row.student.email),
            *(row.total, table.max_points, _feedback(row)),
        )
        for row, number in participants(table)
        if number
    ]
    return _lines([(*heading, "Feedback comments"), *rows])


def _as_canvas(table: Table, course: Course) -> bytes:
    """Return the file for Canvas' import of grades; its second line has the points possible."""
    heading = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", course.assignment)
    possible = ("Points Possible", "", "", "", "", str(table.max_points))
    rows = [
        (s.name, s.canvas, s.id, s.login or s.email, s.group, row.total)
        for row, s in ((row, row.student) for row in table.rows)
    ]
    return _lines([heading, possible, *rows])


def _feedback(row: Row) -> str:
    """Return in a sentence or two how a total came about, for the student."""
    parts = [row.status if row.points is None or not row.submission else f"{row.points} points"]
    if row.late.penalty:
        days = row.late.days - row.late.free
        parts.append(f"less {plain(row.late.penalty)} for {days} late days")
    if row.student.override is not None:
        parts.append(f"set to {plain(row.student.override)}: {row.student.reason}")
    if row.student.comment:
        parts.append(row.student.comment)
    return "; ".join(parts)


EXPORTS: Mapping[str, Export] = {
    "csv": Export(".csv", lambda table, course: as_csv(table)),
    "xlsx": Export(".xlsx", _as_xlsx),
    "moodle": Export("-moodle.csv", _as_moodle),
    "worksheet": Export("-worksheet.csv", _as_worksheet, by_participant=True),
    "feedback": Export("-feedback.zip", feedback_files, by_participant=True),
    "canvas": Export("-canvas.csv", _as_canvas),
}
