"""What the server was started with; all visitors share it."""

from __future__ import annotations

from pathlib import Path

#: The folder whose results the page Experiments shows.
results: Path | None = None
