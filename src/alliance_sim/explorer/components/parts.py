"""Components written in Vue that hold other ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import solara

P = ParamSpec("P")


def holding(file: str, *parts: str) -> Callable[[Callable[P, None]], Callable[P, solara.Element[Any]]]:
    """Declare a component drawn by a Vue file that holds others: ``frame`` is there as ``<as-frame>``."""
    texts = {f"as-{part}": Path(__file__).with_name(f"{part}.vue").read_text(encoding="utf-8") for part in parts}

    def declare(function: Callable[P, None]) -> Callable[P, solara.Element[Any]]:
        make: Callable[..., solara.Element[Any]] = solara.component_vue(file)(function)

        @wraps(function)
        def component(*args: P.args, **kwargs: P.kwargs) -> solara.Element[Any]:
            return make(*args, components=texts, **kwargs)

        return component

    return declare
