"""Pictures of what the checker shows: of its pages as PNG, of its output as SVG."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console, RenderableType
from rich.terminal_theme import MONOKAI
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

_WIDTH, _HEIGHT = 900, 1400
_FIND = """
const [test, done] = arguments;
const titles = [...document.querySelectorAll("h3")];
const title = titles.find((it) => it.textContent.startsWith(`${test}:`));
const place = title.closest(".test").querySelector("[data-heap]");
place.scrollIntoView();
const show = (viewer) => {
  document.body.replaceChildren(viewer);
  viewer.querySelectorAll(".keys, [data-part=list]").forEach((it) => it.remove());
  requestAnimationFrame(() => requestAnimationFrame(() => done(viewer)));
};
const wait = () => place.querySelector('[data-part="most"]')?.textContent
  ? show(place.querySelector(".viewer")) : setTimeout(wait, 20);
wait();
"""
_SVG = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, monospace; font-size: {char_height}px;
line-height: {line_height}px; }}
{styles}
</style>
<defs>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})">{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""
"""As Rich draws a terminal, but with fonts of the reader's: nothing is loaded."""


class Browser:
    """A headless Chromium that draws pages in light colours."""

    def __init__(self) -> None:
        options: Any = ChromeOptions()
        size = f"--window-size={_WIDTH},{_HEIGHT}"
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", size):
            options.add_argument(argument)
        self._driver = Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self._driver.set_script_timeout(60)

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._driver.quit()

    def draw_heap(self, page: Path, test: str, picture: Path) -> None:
        """Draw the heap of a failed test, at its first difference."""
        self._driver.get(page.as_uri())
        viewer = self._driver.execute_async_script(_FIND, test)
        command = ["pngquant", "--force", "--strip", "--speed", "1", "--output", str(picture), "-"]
        subprocess.run(command, input=viewer.screenshot_as_png, check=True)


def draw_text(shown: RenderableType, picture: Path, columns: int) -> None:
    """Draw what a terminal of so many columns shows."""
    console = Console(record=True, width=columns, file=io.StringIO(), highlight=False)
    console.print(shown)
    svg = console.export_svg(title="osmem", code_format=_SVG, theme=MONOKAI, unique_id="osmem")
    picture.write_text(svg, encoding="utf-8")
