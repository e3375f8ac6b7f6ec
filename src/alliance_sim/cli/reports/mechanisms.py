"""What readers see in place of the strengths of mechanisms, and of the share of an effect that is left without one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["MECHANISM_LABELS", "effect_left"]

#: Mechanisms as a noun, by the parameter that switches each off at zero.
MECHANISM_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "autonomy_gain_opacity": "autonomy that the president gains by closed-door talks",
        "criticism_gain": "criticism at home of closed-door talks",
        "congress_brake": "relief of sanctions that Congress prevents",
        "softening": "threat that a conciliatory president does not see",
        "reset_flow": "conciliation that a standing reset adds",
        "reading_spread": "closed-door talks that allies read differently",
        "threat_reversion": "return of perceived threat to its level",
        "threat_diffusion": "perceived threat that spreads between allies",
        "conduct_response": "perceived threat that follows Russia's conduct",
        "sd_threat": "perceived threat that changes by chance",
        "guarantee_loss_conciliation": "confidence in the guarantee lost by conciliation",
        "guarantee_loss_opacity": "confidence in the guarantee lost by closed-door talks",
        "statement_cost": "confidence lost by a remark against an ally",
        "quarrel_cost": "confidence lost by quarrels over trade and spending",
        "cutoff_cost": "confidence lost while U.S. support of Ukraine is missing",
        "commitment_loss_conciliation": "U.S. commitment lost by conciliation",
        "threat_response": "positions that follow perceived threat",
        "cover": "cover for those with ties to Russia",
        "hedge": "posture and spending that rise as the guarantee weakens",
        "norm_pull": "influence of adopted texts on what governments want",
        "budget_speed": "budgets that follow the spending wanted",
        "targets_kept": "announced rises of spending that are carried out",
        "spending_response_threat": "spending that follows perceived threat",
        "spending_response_war": "spending that follows the war",
        "spending_response_abandonment": "spending out of fear of abandonment",
        "pledge": "spending that follows a raised pledge",
        "coercion": "spending under U.S. pressure",
        "relaxation": "spending saved as Washington conciliates Moscow",
        "compensation_rate": "European and Canadian aid that follows the need",
        "fatigue_rate": "fatigue of those that make up for U.S. aid",
        "aid_elasticity": "resistance that aid gives Ukraine",
        "concession_gain": "pressure to concede from conciliation and closed-door talks",
        "weakness_response": "assertiveness that Russia adds where it sees weakness",
        "weakness_signal": "demands that Russia adds where it is shown weakness",
        "sanctions_cost": "assertiveness that Russia loses by sanctions",
        "company_move": "reluctance to object alone",
        "patron_move": "reluctance to object to what Washington supports",
        "consultation": "consultation before meetings",
        "compensation": "compensation of objectors",
        "insist": "texts tabled whatever their prospects",
        "insist_summit": "texts tabled at summits whatever their prospects",
        "sd_salience": "salience that differs between allies",
        "blowup_rate": "meetings that blow up over a broken silence",
        "susceptibility": "influence of allies on each other's positions",
        "dispute_onset": "disputes over something else",
    }
)


def effect_left(share: float) -> str:
    """Return what becomes of an effect of which a share is left, below zero where its sign turns.

    Examples
    --------
    >>> [effect_left(share) for share in (0.31, 0.0, -0.25, 1.1)]
    ['31 % of the effect left', 'effect gone', 'effect reversed, 25 % as large', 'effect 110 % as large']
    """
    percent = round(100.0 * share)
    if percent == 0:
        return "effect gone"
    if percent < 0:
        return f"effect reversed, {-percent} % as large"
    if percent < 100:
        return f"{percent} % of the effect left"
    return f"effect {percent} % as large" if percent > 100 else "effect as large"
