"""Public interface of calibration: from documents and public figures to draws of what each actor perceives and wants.

`facts` are the figures common to all draws, `draws` the quantities that differ from draw to draw: each takes a row of
the joint draws that `posterior` reads.
"""

from alliance_sim.calibration.actors import ActorDraws, draws, draws_from, leader_salience, override_names
from alliance_sim.calibration.facts import ActorFacts, aid_by_kind, facts, neutral_standing
from alliance_sim.calibration.posterior import Rows, row_of, rows_of, table_of
from alliance_sim.registry.eras import LEADERS

__all__ = [
    "LEADERS",
    "ActorDraws",
    "ActorFacts",
    "Rows",
    "aid_by_kind",
    "draws",
    "draws_from",
    "facts",
    "leader_salience",
    "neutral_standing",
    "override_names",
    "row_of",
    "rows_of",
    "table_of",
]
