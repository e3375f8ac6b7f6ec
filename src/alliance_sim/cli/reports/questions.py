"""Reports on forecast questions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from alliance_sim.cli.terminal import bullets, dim, new_table
from alliance_sim.wording import counted

if TYPE_CHECKING:
    from alliance_sim.validation.questions import Answer, Answers


def answers_as_json(found: Answers) -> dict[str, Any]:
    """Return what `ask --json` prints."""
    return {
        "scenario": found.scenario.name,
        "seed": found.seed,
        "draws": found.draws,
        "what_if": found.what_if,
        "not_run": found.not_run,
        "title": found.questions.title,
        "note": found.questions.note,
        "answers": [_answer_as_json(answer) for answer in found.answers],
        "summary": found.summary(),
    }


def _answer_as_json(answer: Answer) -> dict[str, Any]:
    content: dict[str, Any] = {"id": answer.question.id, "text": answer.question.text}
    if answer.problem is not None:
        content["problem"] = answer.problem
    if answer.interval is not None:
        content |= {"probability": answer.probability, "interval": list(answer.interval)}
    if answer.quantiles is not None:
        content["quantiles"] = dict(answer.quantiles)
    content |= {"mc_error": answer.mc_error, "truth": answer.question.truth, "score": answer.score}
    if answer.covered is not None:
        content["covered"] = {str(level): inside for level, inside in answer.covered.items()}
    return content


def answers_report(found: Answers) -> list[RenderableType]:
    """Return what `ask` prints."""
    title = found.questions.title
    lines: list[RenderableType] = [
        Text.assemble((found.scenario.name, "bold"), f": {title}" if title else ""),
        dim(f"{counted(len(found.answers), 'question')}, {counted(found.draws, 'draw')}, seed {found.seed}"),
    ]
    if found.what_if:
        lines.append(Text("A what-if, not a forecast.", "yellow"))
    if found.not_run:
        lines.append(Text(f"{found.not_run}.", "yellow"))
    if found.questions.note:
        lines.append(Text(found.questions.note))
    yes_no = [answer for answer in found.answers if answer.probability is not None]
    numbers = [answer for answer in found.answers if answer.quantiles is not None]
    if yes_no:
        lines += [
            Text(),
            _probabilities(yes_no),
            dim("±: Monte Carlo error; [ ]: 95 % interval (Jeffreys), by draws alone"),
        ]
    if numbers:
        lines += [Text(), _quantiles(numbers), dim("±: Monte Carlo error of the median (order statistics)")]
    for head, entries in (("Rare in these draws", _rare(found)), ("Cannot be evaluated", _problems(found))):
        if entries:
            lines += [Text(), Text(head, "bold"), bullets(entries)]
    return [*lines, Text(), Text("Summary", "bold"), bullets(_summary(found))]


def _probabilities(answers: list[Answer]) -> Table:
    scored = any(answer.score is not None for answer in answers)
    table = new_table("yes or no?", ">%", "", *(("truth", ">Brier") if scored else ()), gap=1)
    for answer in answers:
        low, high = answer.interval or (0.0, 1.0)
        cells: list[RenderableType] = [
            Text(answer.question.text),
            _with_error(f"{100 * (answer.probability or 0.0):.1f}", f"{100 * (answer.mc_error or 0.0):.1f}"),
            dim(f"[{100 * low:.1f}, {100 * high:.1f}]"),
        ]
        if scored:
            truth = {True: "yes", False: "no"}.get(bool(answer.question.truth), "")
            cells += [truth, f"{answer.score:.3f}"] if answer.score is not None else ["", ""]
        table.add_row(*cells)
    return _unwrapped(table)


def _quantiles(answers: list[Answer]) -> Table:
    scored = any(answer.score is not None for answer in answers)
    table = new_table(
        "how many or how much?",
        ">median",
        "[5 %, 95 %]",
        "[25 %, 75 %]",
        *((">truth", ">CRPS") if scored else ()),
        gap=1,
    )
    for answer in answers:
        cut = {name: f"{value:.3g}" for name, value in (answer.quantiles or {}).items()}
        cells: list[RenderableType] = [
            Text(answer.question.text),
            _with_error(cut["p50"], "" if answer.mc_error is None else f"{answer.mc_error:.1g}"),
            dim(f"[{cut['p05']}, {cut['p95']}]"),
            dim(f"[{cut['p25']}, {cut['p75']}]"),
        ]
        if scored:
            cells += [f"{answer.question.truth:.3g}", f"{answer.score:.2g}"] if answer.score is not None else ["", ""]
        table.add_row(*cells)
    return _unwrapped(table)


def _with_error(number: str, error: str) -> Text:
    return Text.assemble((number, "bold"), (f" ±{error}" if error else "", "dim"))


def _unwrapped(table: Table) -> Table:
    """Return a table of which only the first column may break lines."""
    for column in table.columns[1:]:
        column.no_wrap = True
    return table


def _rare(found: Answers) -> list[str]:
    return [f"{answer.question.text} {_sentence(answer.rarity)}" for answer in found.answers if answer.rarity]


def _problems(found: Answers) -> list[str]:
    return [f"{answer.question.text} {_sentence(answer.problem)}" for answer in found.answers if answer.problem]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _summary(found: Answers) -> Iterator[str]:
    """Yield scores, coverage and sharpness over the set in words."""
    total = found.summary()
    yield (
        f"{total['probabilities']} answered by a probability, {total['numbers']} by quantiles, "
        f"{total['not_evaluated']} not evaluated"
    )
    if total["brier"] is not None:
        truths = counted(int(total["probabilities_scored"] or 0), "truth")
        yield (
            f"Brier score {total['brier']:.3f} over {truths} (0 is best); {total['brier_base_rate']:.3f} for giving "
            f"each the share of yes among these truths, {total['base_rate']:.0%}"
        )
    if total["crps"] is not None:
        scored = int(total["numbers_scored"] or 0)
        inside = ", ".join(f"{total[f'inside_{level}']} in the {level} % interval" for level in (50, 80, 90))
        yield f"CRPS {total['crps']:.3g} on average over {counted(scored, 'number')}, whatever their units (0 is best)"
        yield f"Coverage: of {counted(scored, 'truth')}, {inside}"
    sharpness = []
    if total["spread"] is not None:
        sharpness.append(f"mean p(1-p) {total['spread']:.3f} (0: certain; 0.25: even odds)")
    if total["width_80"] is not None:
        sharpness.append(f"mean width of the 80 % intervals {total['width_80']:.3g}, whatever their units")
    if sharpness:
        yield f"Sharpness: {'; '.join(sharpness)}"
