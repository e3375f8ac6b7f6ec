"""A server that shows one page of the explorer: ``python other_page.py PORT PAGE [RESULTS]``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import reacton.ipyvuetify as rv
import solara

import alliance_sim.explorer
from alliance_sim.explorer.pages.about import About
from alliance_sim.explorer.pages.experiments import Experiments
from alliance_sim.explorer.state import Session


@solara.component
def Page() -> None:
    solara.Style(Path(alliance_sim.explorer.__file__).with_name("style.css"))
    session = solara.use_memo(Session, [])
    _, name, *results = sys.argv[1:]
    with rv.Html(tag="div", class_="as-app"):
        if name == "about":
            About(session)
        else:
            Experiments(session, Path(results[0]) if results else None)


if __name__ == "__main__":
    from alliance_sim.explorer.server import configure

    configure()
    os.environ["SOLARA_APP"] = "other_page"
    import uvicorn
    from solara.server.starlette import app

    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
