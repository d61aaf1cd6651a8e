"""The map on an emulated phone: largest contentful paint, and when the hits are drawn.

A phone of the middle: 360 × 740 pixels, a processor a quarter as fast as this one, a 4G line of 9 Mbit/s down, 3 up and 170 ms
there and back (the profile "4G" of WebPageTest). Nothing is in the cache. The server runs on the same machine.
"""

from __future__ import annotations

import shutil
import statistics
from typing import Any

from benchmarks.serving import serving

PAGES = {"map": "/", "filtered map": "/?town_size=rural&transit=C", "list": "/leerstaende/", "town": "/orte/wittenberge/"}
SLOWER = 4
LINE = {"offline": False, "latency": 170, "downloadThroughput": 9e6 / 8, "uploadThroughput": 3e6 / 8}
LOADS = 5
WATCH = """
window.largest = 0;
new PerformanceObserver((list) => { for (const e of list.getEntries()) window.largest = e.startTime; })
  .observe({ type: "largest-contentful-paint", buffered: true });
"""


def opened(browser: Any, address: str) -> tuple[float, float, float]:
    """Return when the largest content was painted, when the hits were drawn (ms; 0 where there is no map), and kilobytes received."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, device_scale_factor=2, is_mobile=True, has_touch=True)
    page = context.new_page()
    page.add_init_script(WATCH)
    control = context.new_cdp_session(page)
    control.send("Network.enable")
    control.send("Network.emulateNetworkConditions", LINE)
    control.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    received = []
    control.on("Network.loadingFinished", lambda told: received.append(told["encodedDataLength"]))
    page.goto(address, wait_until="load")
    drawn = 0.0
    if page.locator("#map").count():
        page.wait_for_selector("#map[data-shown]", state="attached", timeout=60_000)
        drawn = page.evaluate("performance.now()")
    page.wait_for_timeout(1_000)
    found = page.evaluate("window.largest"), drawn, sum(received) / 1e3
    context.close()
    return found


def main() -> None:
    from playwright.sync_api import sync_playwright

    with serving() as (base, _pid), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, path in PAGES.items():
            opened(browser, base + path)
            loads = [opened(browser, base + path) for _i in range(LOADS)]
            largest, drawn, size = (statistics.median(column) for column in zip(*loads, strict=True))
            told = f", hits drawn after {drawn:.0f} ms" if drawn else ""
            print(f"  {name:<13} largest contentful paint {largest:5.0f} ms{told}, {size:.0f} kB received")
        browser.close()


if __name__ == "__main__":
    main()
