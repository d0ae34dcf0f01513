"""What students read, in their language: catalogues in locale/, a folder for each.

An entry of a catalogue may have names in braces, which stand for any text, as in ``{head}: did not
return``. What stands for them is translated in turn; some names stand for numbers only. The numbers
of an entry may be others: so it also serves the sentences of a variant.
"""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from harness.execution.tools import require_tools

_FOLDER = Path(__file__).parent / "locale"
_OWN = "en"
"""The language of the checker's own texts."""
_NAME = re.compile(r"\\?\{(\w+)\\?\}")
_NUMBER = re.compile(r"\d+(?: KiB| bytes)?")
"""A number, with its unit: a policy may have bytes where another has KiB."""
_NUMBERS = frozenset(("a", "b", "m", "n", "most", "points"))
"""The names that stand for numbers."""
_A_NUMBER = r"\d[\w.]*"
_DEEPEST = 6
"""Texts in texts: no reason has more."""


def known_locales() -> tuple[str, ...]:
    """Return the languages that there are texts in."""
    return (_OWN, *sorted(path.name for path in _FOLDER.iterdir() if path.is_dir()))


@cache
def translations(locale: str) -> NullTranslations:
    """Return the texts in one of the known languages. Raises `UserError` if it can't be read."""
    if locale == _OWN:
        return NullTranslations()
    require_tools("msgfmt")
    texts: dict[str, str] = {}
    for path in sorted((_FOLDER / locale).glob("*.po")):
        command = ["msgfmt", "--output-file=-", str(path)]
        compiled = subprocess.run(command, capture_output=True, check=True)
        texts |= vars(GNUTranslations(io.BytesIO(compiled.stdout)))["_catalog"]
    return Phrasebook(locale, texts)


class Phrasebook(NullTranslations):
    """Texts in a language, some of which stand for many."""

    def __init__(self, locale: str, texts: Mapping[str, str]) -> None:
        super().__init__()
        self._info = {"language": locale}
        self._texts = texts
        self._numbered = {_NUMBER.sub("0", key): key for key in texts if _NUMBER.search(key)}
        named = sorted(filter(_NAME.search, texts), key=_literal_length, reverse=True)
        self._templates = [(_pattern(key), texts[key]) for key in named]

    def info(self) -> dict[str, str]:
        """Return what is known of the texts: their language."""
        return self._info

    def gettext(self, message: str) -> str:
        """Return a text of the checker in this language; the text itself if it is not known."""
        return self._translated(message, _DEEPEST)

    def _translated(self, message: str, depth: int) -> str:
        if message in self._texts and message:
            return self._texts[message]
        alike = self._numbered.get(_NUMBER.sub("0", message))
        if alike is not None:
            return self._with_numbers(self._texts[alike], alike, message)
        for pattern, text in self._templates if depth else ():
            if match := pattern.fullmatch(message):
                parts = match.groupdict()
                told = {name: self._translated(part, depth - 1) for name, part in parts.items()}
                return text.format(**told)
        return message

    def _with_numbers(self, text: str, usual: str, message: str) -> str:
        """Return a translation with the numbers of a message in place of those of its entry."""
        numbers = (
            map(self._number, _NUMBER.findall(usual)),
            map(self._number, _NUMBER.findall(message)),
        )
        others = dict(zip(*numbers))
        any_usual = "|".join(map(re.escape, sorted(others, key=len, reverse=True)))
        return re.sub(rf"\b(?:{any_usual})\b", lambda match: others[match[0]], text)

    def _number(self, text: str) -> str:
        """Return a number with its unit."""
        digits, _, unit = text.partition(" ")
        return f"{digits} {self._texts.get(unit, unit)}" if unit else digits


def _literal_length(key: str) -> int:
    return len(_NAME.sub("", key))


def _pattern(key: str) -> re.Pattern[str]:
    def group(match: re.Match[str]) -> str:
        return rf"(?P<{match[1]}>{_A_NUMBER if match[1] in _NUMBERS else '.+?'})"

    return re.compile(_NAME.sub(group, re.escape(key)), re.DOTALL)
