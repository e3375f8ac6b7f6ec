"""Compute the stored answers of all bundled scenarios: ``python -m alliance_sim.explorer.stored``."""

from __future__ import annotations

import gzip
import json
from dataclasses import asdict

from alliance_sim.explorer.answers.futures import found_why, pairs, view
from alliance_sim.explorer.request import Request, usual_base
from alliance_sim.explorer.stored import FOLDER, model_hash
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.scenarios import list_scenarios


def computed(name: str) -> str:
    """Return what is stored of a scenario, as JSON."""
    request = Request(name, usual_base(name))
    *_, (own, base) = pairs(request, lambda: False)
    found = view(request, own, base, 0.0, OUTCOMES)
    fields = {key: value for key, value in asdict(found).items() if key not in ("request", "stored")}
    diagnosis = found_why(found, found.item, lambda: False) if found.item else None
    return json.dumps({"model": model_hash(), "view": fields, "diagnosis": diagnosis}, separators=(",", ":"))


if __name__ == "__main__":
    for scenario in list_scenarios():
        text = computed(scenario)
        # No time of writing in the file, so that the same answer has the same bytes.
        (FOLDER / f"{scenario}.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
        print(f"{scenario}: {len(text):,} characters")
