"""The pages of a kit, in Markdown and in HTML: those of docs/ without what a kit lacks."""

from __future__ import annotations

import re
from collections.abc import Collection
from html import escape

import markdown

_LEFT_OUT = re.compile(r"<!-- not in the kit -->\n.*?<!-- in the kit -->\n+", re.DOTALL)
_LINK = re.compile(r"\[([^]]*)\]\(([^):#]*)(#[^)]*)?\)")
_COMMENT = re.compile(r"[ \t]*<!--.*?-->")
_STYLE = """
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 sans-serif; }
pre, code { font-family: monospace; background: #f4f4f4; }
pre { padding: .6rem; overflow-x: auto; }
table { border-collapse: collapse; }
th, td { border: 1px solid #bbb; padding: .2rem .5rem; text-align: left; vertical-align: top; }
"""


def for_students(page: str, names: Collection[str]) -> str:
    """Return a page of docs/ in Markdown, as it is in a kit that has pages of these names. A link
    that would lead elsewhere becomes plain text."""

    def linked(match: re.Match[str]) -> str:
        text, path, _ = match.groups()
        return match[0] if not path or path in names else text

    return _LINK.sub(linked, _LEFT_OUT.sub("", page))


def as_html(text: str) -> str:
    """Return a page in Markdown as a page for a browser. Links to other pages lead to theirs."""
    shown = _LINK.sub(_to_html, _COMMENT.sub("", text))
    body = markdown.markdown(shown, extensions=["tables", "fenced_code", "toc", "sane_lists"])
    title = escape(text.partition("\n")[0].lstrip("# "))
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>'
        f"\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _to_html(match: re.Match[str]) -> str:
    text, path, heading = match.groups(default="")
    return f"[{text}]({re.sub(r'[.]md$', '.html', path)}{heading})"
