"""What students read, in their language: catalogues in locale/, one for each."""

from __future__ import annotations

import io
import subprocess
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from harness.execution.tools import require_tools

_FOLDER = Path(__file__).parent / "locale"
_OWN = "en"
"""The language of the checker's own texts."""


def known_locales() -> tuple[str, ...]:
    """Return the languages that there are texts in."""
    return (_OWN, *sorted(path.stem for path in _FOLDER.glob("*.po")))


def translations(locale: str) -> NullTranslations:
    """Return the texts in one of the known languages. Raises `UserError` if it can't be read."""
    if locale == _OWN:
        return NullTranslations()
    require_tools("msgfmt")
    command = ["msgfmt", "--output-file=-", str(_FOLDER / f"{locale}.po")]
    compiled = subprocess.run(command, capture_output=True, check=True)
    return GNUTranslations(io.BytesIO(compiled.stdout))
