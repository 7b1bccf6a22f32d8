"""A real browser, for pages: Chromium without a screen, driven by ChromeDriver.

Debian and Ubuntu have both (`apt-get install chromium chromium-driver`); `$COLONNADE_TEST_CHROMIUM` and
`$COLONNADE_TEST_CHROMEDRIVER` name others. Nothing is downloaded.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",  # which Chromium demands where root runs it, as in a container
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    # It would look for updates and the like: tests ask nobody outside.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,2600",
)


def browser_path() -> str | None:
    """Where Chromium is; None if there is none."""
    named = os.environ.get("COLONNADE_TEST_CHROMIUM")
    return named or next(filter(None, map(shutil.which, _BROWSERS)), None)


def driver_path() -> str | None:
    """Where ChromeDriver is; None if there is none."""
    return os.environ.get("COLONNADE_TEST_CHROMEDRIVER") or shutil.which("chromedriver")


def lack_of_browser() -> str:
    """Why no browser can be driven here, in one line; "" when one can."""
    missing = [name for name, path in (("chromium", browser_path()), ("chromedriver", driver_path())) if not path]
    return f"no {' and no '.join(missing)} here (apt-get install chromium chromium-driver)" if missing else ""


@contextmanager
def browsing(profile: Path) -> Iterator[Chrome]:
    """A browser with a profile of its own in an empty folder, while the block lasts."""
    browser, driver = browser_path(), driver_path()
    assert browser is not None, lack_of_browser()
    assert driver is not None, lack_of_browser()
    options = ChromeOptions()
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.binary_location = browser
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = Chrome(options=options, service=Service(driver))
    try:
        yield chrome
    finally:
        chrome.quit()


def console(browser: Chrome) -> list[str]:
    """What the browser's console has said since it was asked last; refusals of the CSP are among it."""
    return [f"{entry['level']}: {entry['message']}" for entry in browser.get_log("browser")]
