#!/usr/bin/python3
"""Measure the pages for a browser: their size, and how long they take to open and to step.

Pages are opened in a headless Chromium. A page counts as open when its first heap is drawn, with
the charts and maps of the whole run; a step takes until the page is laid out again. On a busy
machine these times grow with its load; the time that the processor takes for a page does not. The
page of ten calls shows what a page costs whatever it holds. Prints a table, and the load; --json
FILE keeps the measurements.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from measurements import json_option, keep
from tables import show_table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness.reports.html_page import render_traces  # noqa: E402  (found by the line above)
from harness.specification.model import Model  # noqa: E402
from harness.trace.trace import Call, End, How, Trace, Value  # noqa: E402

_MOST_LIVE = 800
_STEPS = 60
_FEW = 10
_WATCH = """
new MutationObserver((_, observer) => {
  const most = document.querySelector('[data-part="most"]');
  if (most && most.textContent) { window.opened = performance.now(); observer.disconnect(); }
}).observe(document, { childList: true, subtree: true });
"""
_OPENED = """
const wait = () => window.opened ? arguments[0](window.opened) : setTimeout(wait, 10);
wait();
"""
_STEP = """
const [count, done] = arguments;
(async () => {
  const slider = document.querySelector('[data-part="slider"]');
  slider.value = slider.max / 2;
  slider.dispatchEvent(new Event("input"));
  let longest = 0;
  for (let at = 0; at < count; at++) {
    const start = performance.now();
    document.querySelector('[data-part="forward"]').click();
    document.body.getBoundingClientRect();
    longest = Math.max(longest, performance.now() - start);
    await new Promise(requestAnimationFrame);
  }
  done(longest);
})();
"""


def random_trace(count: int) -> Trace:
    """Return the trace of random calls, with up to some hundreds of live blocks."""
    choice, model = random.Random(count), Model()
    live: list[Value] = []
    calls: list[Call] = []
    for _ in range(count):
        if live and choice.random() < (0.5 if len(live) < _MOST_LIVE else 0.9):
            step = model.os_free(live.pop(choice.randrange(len(live))))
        else:
            step = model.os_malloc(choice.randrange(1, 1000))
            assert step.call.result is not None
            live.append(step.call.result)
        calls.append(step.call)
    return Trace(tuple(calls), End(How.EXIT, 0))


def measure(driver: Any, page: Path) -> dict[str, float]:
    """Return the size of a page, and the times in ms that it takes."""
    driver.get(page.as_uri())
    if not driver.execute_script("return document.querySelector('[data-heap]') !== null"):
        sys.exit(f"{page}: expected a page with a heap, found none; write one with check --html")
    driver.execute_script("document.querySelector('[data-heap]').scrollIntoView()")
    opened = driver.execute_async_script(_OPENED)
    worked = _processor_time(driver)
    longest = driver.execute_async_script(_STEP, _STEPS)
    return {
        "KiB": page.stat().st_size / 1024,
        "open, ms": opened,
        "of processor": worked,
        "longest step, ms": longest,
        "of processor for a step": (_processor_time(driver) - worked) / _STEPS,
    }


def _processor_time(driver: Any) -> float:
    """Return the time in ms that the page's main thread has taken."""
    metrics = driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return 1000 * float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))


def write_page(folder: Path, count: int) -> Path:
    """Write the page that compares the trace of so many random calls with itself."""
    page = folder / f"{count}-calls.html"
    trace = random_trace(count)
    page.write_text(render_traces("a trace", [], {"before": trace, "after": trace}))
    return page


def browser() -> Any:
    """Start a browser that notes when a page is open."""
    options: Any = ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,1000"):
        options.add_argument(argument)
    driver = Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    driver.set_script_timeout(120)
    driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _WATCH})
    return driver


@click.command()
@click.option("--calls", default=100_000, show_default=True, help="Of the long trace.")
@click.argument("pages", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def main(calls: int, pages: tuple[Path, ...], json_path: Path | None) -> None:
    """Measure the pages of a short and a long trace, before and after, and other PAGES."""
    with tempfile.TemporaryDirectory() as scratch, browser() as driver:
        made = [write_page(Path(scratch), count) for count in (_FEW, calls)]
        measurements = {page.stem: measure(driver, page) for page in (*made, *pages)}
    names = list(measurements[made[0].stem])
    rows = [[stem, *(f"{m[name]:.0f}" for name in names)] for stem, m in measurements.items()]
    show_table(["page", *names], rows)
    print(f"load: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    keep(measurements, json_path)


if __name__ == "__main__":
    main()
