"""A headless browser for the tests of pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

AXE = Path(__file__).parent / "axe" / "axe.min.js"


class Page:
    """A page in a browser."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, path: Path) -> None:
        self.driver.get(path.as_uri())
        # Drawings are made when they come near the window.
        self.run(
            "document.querySelectorAll('[data-heap]').forEach((each) => each.scrollIntoView())"
        )
        self.wait_until(
            "[...document.querySelectorAll('[data-heap]')].slice(-1)"
            ".every((each) => each.querySelector('[data-part=\"most\"]')?.textContent)"
        )

    def wait_until(self, condition: str) -> None:
        """Wait until an expression is true."""
        self.run_async(
            f"const wait = () => ({condition}) ? arguments[0]() : setTimeout(wait, 20); wait();"
        )

    def run(self, script: str, *args: object) -> Any:
        return self.driver.execute_script(script, *args)

    def run_async(self, script: str, *args: object) -> Any:
        return self.driver.execute_async_script(script, *args)

    def text(self, part: str) -> str:
        """The text of the first viewer's part of this name."""
        text: str = self.run(f"return document.querySelector('[data-part=\"{part}\"]').textContent")
        return text

    def click(self, part: str) -> None:
        self.run(f"document.querySelector('[data-part=\"{part}\"]').click()")

    def press(self, key: str, selector: str = ".viewer") -> None:
        self.run(
            "document.querySelector(arguments[0]).dispatchEvent("
            "new KeyboardEvent('keydown', { key: arguments[1], bubbles: true, cancelable: true }))",
            selector,
            key,
        )

    def is_drawn(self, selector: str) -> bool:
        """Whether a canvas shows more than one colour."""
        drawn: bool = self.run(
            """
            const canvas = document.querySelector(arguments[0]);
            const { width, height } = canvas;
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
            return new Set(new Uint32Array(data.buffer)).size > 1;
            """,
            selector,
        )
        return drawn

    def complaints(self) -> list[str]:
        """What the browser logged since it was asked last, and what axe-core finds."""
        logged = [entry["message"] for entry in self.driver.get_log("browser")]
        self.driver.execute_cdp_cmd(
            "Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")}
        )
        found = self.run_async(
            """
            axe.run().then(({ violations }) => arguments[0](violations.flatMap(({ id, nodes }) =>
              nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`))));
            """
        )
        return [*logged, *found]


@contextmanager
def browser() -> Iterator[Page]:
    """Start a browser; the test is skipped where there is none."""
    driver_path, chromium = shutil.which("chromedriver"), shutil.which("chromium")
    if driver_path is None or chromium is None:
        pytest.skip("there is no chromium, or no chromedriver")
    webdriver = pytest.importorskip("selenium.webdriver")
    service = pytest.importorskip("selenium.webdriver.chrome.service")
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,1000"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=service.Service(driver_path), options=options)
    driver.set_script_timeout(60)
    try:
        yield Page(driver)
    finally:
        driver.quit()
