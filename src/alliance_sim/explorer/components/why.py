"""The tree of a decision and the rows of evidence; each takes plain lists and mappings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara


@solara.component_vue("tree.vue")
def Tree(
    label: str, nodes: list[dict[str, Any]], opened: list[str], ally: str, event_pick: Callable[[str], None]
) -> None:
    """Nodes that open by click and keys; `opened` are open at first, and `event_pick` gets the code of an ally."""


@solara.component_vue("evidence.vue")
def EvidenceRows(numbers: list[dict[str, str]], groups: list[dict[str, Any]]) -> None:
    """Numbers before and with the evidence, and the rows behind them."""
