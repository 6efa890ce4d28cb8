"""Draw the README's picture of the app: ``python -m tests.app.screenshot docs/app.png``.

What is on it are drawn photographs of the sample.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.app.served import PROJECT, served

PHOTOGRAPHS = ("new_06.jpg", "new_18.jpg")
PATIENCE = 120_000  # ms


def main() -> None:
    output = Path(sys.argv[1])
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with (
        tempfile.TemporaryDirectory() as runs,
        served("--runs", runs) as (address, _),
        sync_playwright() as playwright,
    ):
        words = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=chromium, args=words)
        page = browser.new_page(viewport={"width": 1100, "height": 1400})
        page.set_default_timeout(PATIENCE)
        page.goto(f"{address}/photographs")
        paths = [str(PROJECT / "data" / "predict" / name) for name in PHOTOGRAPHS]
        page.locator("input[type=file]").set_input_files(paths)
        page.get_by_text("All faces (CSV)").wait_for()
        page.wait_for_function(
            f"document.querySelectorAll('[data-testid=stImage] img').length == {len(paths)}"
        )
        page.wait_for_selector("[data-test-script-state=notRunning]")
        page.screenshot(path=output)
        browser.close()


if __name__ == "__main__":
    main()
