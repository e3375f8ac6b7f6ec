"""Fan charts as ECharts options: 5-95 % and 25-75 % bands, and the median."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alliance_sim.registry.outcomes import Outcome

ACCENT, INK, GREY, LINE = "#1f5f99", "#1f2933", "#7b8794", "#e4e7eb"
#: An outcome whose range is at most this wide is drawn on all of it, so that panels and runs compare at a glance.
_WIDE = 2.0
_MEDIAN = 2

Quantiles = Sequence[Sequence[float]]


def fan(
    outcome: Outcome,
    months: Sequence[str],
    quantiles: Quantiles,
    second: tuple[str, Quantiles] | None = None,
    reference: Sequence[float] | None = None,
) -> dict[str, Any]:
    """Return the ECharts option of a fan chart.

    Parameters
    ----------
    outcome : Outcome
    months : sequence of T str
    quantiles : five sequences of T numbers
        5, 25, 50, 75 and 95 % of the draws.
    second : pair of str and such quantiles, optional
        Name and quantiles of another fan, drawn in grey behind the first.
    reference : sequence of T numbers, optional
        Median as calibrated, drawn as a dashed line.
    """
    # Only the tooltip sees the outer quantiles: bands are stacked differences, which mean nothing to a reader.
    series = [_line(values, ACCENT, 1.8 if at == _MEDIAN else 0.0) for at, values in enumerate(quantiles)]
    tip = "{b0}<br><b>{c2}</b> median<br>{c1} to {c3} &nbsp;middle half<br>{c0} to {c4} &nbsp;5 to 95 %"
    # The tooltip counts the series it sees: they come first.
    if second:
        tip += f"<br><b>{{c{len(series)}}}</b> median {second[0]}"
        series.append(_line(second[1][2], GREY, 1.2))
    if reference:
        tip += f"<br>{{c{len(series)}}} median as calibrated"
        series.append(_line(reference, INK, 1.0, type="dashed", opacity=0.65))
    if second:
        series += _bands("behind", second[1], GREY, 0.10)
    series += _bands("front", quantiles, ACCENT, 0.15)
    return {
        "animation": False,
        "textStyle": {"fontFamily": "inherit"},
        "grid": {"left": 34, "right": 20, "top": 8, "bottom": 20},
        "xAxis": {
            "type": "category",
            "data": list(months),
            "boundaryGap": False,
            "axisLine": {"lineStyle": {"color": LINE}},
            "axisTick": {"show": False},
            "axisLabel": {"color": GREY, "fontSize": 10, "interval": max(0, (len(months) - 1) // 3 - 1)},
        },
        "yAxis": {
            "type": "value",
            **_range(outcome),
            "axisLabel": {"color": GREY, "fontSize": 10},
            "splitLine": {"lineStyle": {"color": LINE}},
        },
        "tooltip": {
            "trigger": "axis",
            "confine": True,
            "formatter": tip,
            "textStyle": {"fontSize": 11, "color": INK},
            "axisPointer": {"lineStyle": {"color": GREY}},
        },
        "series": series,
    }


def _range(outcome: Outcome) -> dict[str, Any]:
    if outcome.high - outcome.low <= _WIDE:
        return {"min": outcome.low, "max": outcome.high, "interval": (outcome.high - outcome.low) / 4.0}
    return {"scale": True, "splitNumber": 4}


def _line(values: Sequence[float], colour: str, width: float, **style: Any) -> dict[str, Any]:
    return {
        "type": "line",
        "data": list(values),
        "symbol": "none",
        "silent": True,
        "lineStyle": {"color": colour, "width": width, **style},
        "itemStyle": {"color": colour},
        "z": 3,
    }


def _bands(stack: str, quantiles: Quantiles, colour: str, opacity: float) -> list[dict[str, Any]]:
    """Return the areas between neighbouring quantiles, stacked on the lowest; the middle half is darker."""
    p05, p25, _, p75, p95 = quantiles
    layers: list[tuple[Sequence[float], float]] = [
        (p05, 0.0),
        (_difference(p25, p05), opacity),
        (_difference(p75, p25), 2.0 * opacity),
        (_difference(p95, p75), opacity),
    ]
    return [
        {
            **_line(values, colour, 0.0),
            "stack": stack,
            "stackStrategy": "all",
            "areaStyle": {"color": colour, "opacity": shade},
            "tooltip": {"show": False},
            "z": 2,
        }
        for values, shade in layers
    ]


def _difference(upper: Sequence[float], lower: Sequence[float]) -> list[float]:
    return [round(high - low, 3) for high, low in zip(upper, lower, strict=True)]
