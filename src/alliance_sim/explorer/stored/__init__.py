"""Answers of the bundled scenarios that were computed earlier: they fill the page while the model is being compiled.

``python -m alliance_sim.explorer.stored`` computes them. They hold for the code, the calibration and the scenarios that
they were computed with: after any change to one of these they are not shown.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from alliance_sim.data import calibration_hash, data_folder
from alliance_sim.explorer.answers.futures import View
from alliance_sim.explorer.request import Request, usual_base

__all__ = ["FOLDER", "model_hash", "stored_answer"]

FOLDER = Path(__file__).parent
#: What no answer depends on: other commands, and all of the explorer but the answers of its first page.
_APART = ("cli", "estimation", "experiments", "explorer", "model", "validation")
_USED = ("explorer/request.py", "explorer/answers/futures.py")


@cache
def model_hash() -> str:
    """Return a hash over the code, the calibration and the scenarios that answers depend on.

    Examples
    --------
    >>> len(model_hash())
    16
    """
    package = Path(__file__).parents[2]
    digest = hashlib.sha256(calibration_hash().encode())
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        if name in _USED or name.partition("/")[0] not in _APART:
            # Line ends are those of the checkout.
            digest.update(name.encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    for path in sorted(data_folder("scenarios").glob("*.yaml")):
        digest.update(path.name.encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def stored_answer(request: Request) -> tuple[View, dict[str, Any] | None] | None:
    """Return the answer to a request, and why its decision ends so; None where none is stored that holds.

    Examples
    --------
    >>> stored_answer(Request("baseline_2018", seed=7)) is None
    True
    """
    if not request.scenario or request != Request(request.scenario, usual_base(request.scenario)):
        return None
    try:
        content = json.loads(gzip.decompress((FOLDER / f"{request.scenario}.json.gz").read_bytes()))
    except FileNotFoundError:
        return None
    if content["model"] != model_hash():
        return None
    return View(**content["view"], request=request, stored=True), content["diagnosis"]
