"""From documents and public figures to draws of what each actor perceives and wants.

The seam to the rest of the house: `facts` are figures all draws share, `draws` differ from draw to draw. A
fitted measurement model may replace the priors behind `draws` without anything else noticing.
"""

from alliance_sim.calibration.actors import LEADERS, ActorDraws, draws, override_names, threat_slopes
from alliance_sim.calibration.facts import ActorFacts, facts, neutral_standing

__all__ = [
    "LEADERS",
    "ActorDraws",
    "ActorFacts",
    "draws",
    "facts",
    "neutral_standing",
    "override_names",
    "threat_slopes",
]
