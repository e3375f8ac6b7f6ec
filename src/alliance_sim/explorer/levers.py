"""The levers of the page: three parameters of the registry that move the decision board most."""

from __future__ import annotations

import math
from dataclasses import dataclass

from alliance_sim.registry.distributions import Prior
from alliance_sim.registry.eras import ERAS
from alliance_sim.registry.parameters import PARAMETERS, Parameter
from alliance_sim.scenarios import Scenario

#: Half-width of a normal distribution's 5-95 % interval in standard deviations.
_Z95 = 1.645


@dataclass(frozen=True)
class Lever:
    """A slider over a parameter.

    Attributes
    ----------
    name : str
        Of the parameter.
    label, less, more : str
        Its label and the meaning of its two ends, in plain words.
    """

    name: str
    label: str
    less: str
    more: str

    @property
    def parameter(self) -> Parameter:
        """The parameter in the registry."""
        return PARAMETERS[self.name]

    @property
    def high(self) -> float:
        """Right end: twice the highest value of any prior, within the range allowed. The left end is the range's."""
        return min(self.parameter.high, 2.0 * max(self.parameter.prior(era).high for era in ERAS))

    @property
    def step(self) -> float:
        """A hundredth of the slider."""
        return (self.high - self.parameter.low) / 100.0

    def calibrated(self, scenario: Scenario) -> tuple[float, float, float]:
        """Return centre and 5-95 % interval of the values that the scenario draws while the lever is off."""
        prior = scenario.priors().get(self.name) or self.parameter.prior(scenario.era)
        return _interval(prior)


def _interval(prior: Prior) -> tuple[float, float, float]:
    if prior.kind in ("normal", "lognormal"):
        wide = [prior.a, prior.a - _Z95 * prior.b, prior.a + _Z95 * prior.b]
        if prior.kind == "lognormal":
            wide = [math.exp(value) for value in wide]
        centre, low, high = (min(max(value, prior.low), prior.high) for value in wide)
        return centre, low, high
    tail = 0.05 * (prior.high - prior.low)
    return prior.a, prior.low + tail, prior.high - tail


LEVERS: tuple[Lever, ...] = (
    Lever("initial_autonomy", "The president's autonomy", "institutions decide", "president decides"),
    Lever("tolerated_move", "What an ally bears in silence", "nothing", "nearly any text"),
    Lever("min_share", "Least text worth adopting", "any progress", "all or nothing"),
)
