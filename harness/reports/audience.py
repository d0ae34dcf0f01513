"""For whom reports are: what students see of a grade, and in which language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from gettext import NullTranslations

from harness.results.grade import Graded, Origin

_translations: ContextVar[NullTranslations] = ContextVar("translations", default=NullTranslations())


def tr(message: str) -> str:
    """Return a text of the checker in the language of the audience."""
    return _translations.get().gettext(message) if message else ""


def language() -> str:
    """Return the name of the audience's language."""
    return _translations.get().info().get("language", "en")


def _without_secrets(graded: Graded) -> Graded:
    return replace(graded, grade=replace(graded.grade, flags=(), origin=Origin()), twins=())


@dataclass(frozen=True, slots=True)
class Audience:
    """The students of a course."""

    view: Callable[[Graded], Graded] = _without_secrets
    """Returns what they see of a grade."""
    translations: NullTranslations = field(default_factory=NullTranslations)
    locale: str = "en"

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Let reports be in the language of the audience."""
        token = _translations.set(self.translations)
        try:
            yield
        finally:
            _translations.reset(token)
