"""Picture every page of the explorer at two widths, light and dark: ``python docs/_build/screenshots.py FOLDER``.

It needs Chromium on the PATH and the extra ``test``. With ``--readme`` it renews the two pictures of the README too. Pages are
pictured whole, with a small experiment among the results.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

import alliance_sim as als

DOCS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(DOCS.parent / "tests"))

from servers import serving  # noqa: E402 - beside the tests

SIZES = {"wide": (1440, 900), "narrow": (420, 900)}
#: Addresses of the pages, and what each shows when it is complete.
PAGES = {
    "futures": ("", ".as-fans .as-own-line"),
    "compare": ("page=compare", "[data-comparison=ready]"),
    "why": ("page=why", ".as-said h1"),
    "network": ("page=network", ".as-network-map"),
    "run": ("page=run", ".as-run-lines"),
    "experiments": ("page=experiments", ".as-card"),
    "about": ("page=about", ".as-card"),
}
#: Pictures of the README: page, and name of the file.
README = {"futures": "explorer.png", "why": "explorer-why.png"}
#: Milliseconds: a first run may compile the model.
PATIENCE = 300_000


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--page", choices=PAGES, action="append")
    parser.add_argument("--readme", action="store_true", help="renew the pictures of the README too")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as results, sync_playwright() as playwright:
        experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 10})
        als.sweep(experiment, Path(results, "summits"), progress=False)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        with serving(Path(results), "--results", results) as server:
            for name in given.page or PAGES:
                for size, (width, height) in SIZES.items():
                    for colours in ("light", "dark"):
                        context = browser.new_context(
                            viewport={"width": width, "height": height}, color_scheme=colours, reduced_motion="reduce"
                        )
                        page = context.new_page()
                        show(page, server.url, name)
                        page.screenshot(path=given.folder / f"{name}-{size}-{colours}.png", full_page=True)
                        if given.readme and name in README and (size, colours) == ("wide", "light"):
                            page.screenshot(path=DOCS / README[name])
                        context.close()
        browser.close()


def show(page: Page, url: str, name: str) -> None:
    """Open a page and wait until it is complete."""
    query, sign = PAGES[name]
    page.goto(f"{url}/?{query}")
    if name not in ("experiments", "about"):
        page.wait_for_selector(".as-status[data-state=ready]", timeout=PATIENCE)
    page.wait_for_selector(sign)
    page.wait_for_timeout(700)


if __name__ == "__main__":
    main()
