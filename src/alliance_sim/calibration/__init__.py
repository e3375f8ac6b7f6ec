"""Public interface of calibration: from documents and public figures to draws of what each actor perceives and wants.

`facts` are the figures common to all draws, `draws` the quantities that differ from draw to draw. A fitted measurement
model can replace the priors behind `draws` without a change elsewhere.
"""

from alliance_sim.calibration.actors import ActorDraws, draws, leader_salience, override_names, threat_slopes
from alliance_sim.calibration.facts import ActorFacts, aid_by_kind, facts, neutral_standing
from alliance_sim.registry.eras import LEADERS

__all__ = [
    "LEADERS",
    "ActorDraws",
    "ActorFacts",
    "aid_by_kind",
    "draws",
    "facts",
    "leader_salience",
    "neutral_standing",
    "override_names",
    "threat_slopes",
]
