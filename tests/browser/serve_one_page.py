"""Serve `one_page` at a port: ``python serve_one_page.py 8765``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import uvicorn

from alliance_sim.explorer import server

if __name__ == "__main__":
    server.configure()
    os.environ["SOLARA_APP"] = str(Path(__file__).with_name("one_page.py"))
    from solara.server.starlette import app

    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
