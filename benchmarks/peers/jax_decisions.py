"""What the alliance could agree on, in JAX: consultation, who would accept a text, and how far texts get.

Arrays are those of one draw: (M,) of the members at a table, (N,) of all allies.
"""

from __future__ import annotations

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np

from alliance_sim.core.acceptance import FARTHEST
from alliance_sim.core.constants import CROSS_FORUM
from alliance_sim.core.consultation import CONSULTATIONS
from alliance_sim.core.procedure import GRID
from alliance_sim.core.structures import SANCTIONS, US

LOGISTIC_OF_NORMAL = 3.0**0.5 / np.pi


def seats(draw, members, neutral):
    """Who decides at a table, and what of it never changes; the United States is heard from outside too, but less."""
    p, a = draw.p, draw.ally
    standing = draw.standing[members]
    total = neutral + standing.sum()
    seated = np.isin(np.arange(len(draw.standing)), members)
    pull = 1.0 if seated[US] else CROSS_FORUM
    voice = seated.astype(float)
    voice[US] = pull
    # What an ally bears in silence: alone, and how much more in the company of all and under its patron.
    alone = p.tolerated_move**2
    company = (p.tolerated_move + p.company_move) ** 2 - alone
    patron = (p.tolerated_move + p.patron_move) ** 2 - alone
    return SimpleNamespace(
        members=members,
        voice=voice,  # (N,)
        openness=p.consultation * jnp.where(seated, a.susceptibility, 0.0),  # (N,)
        neutral=neutral,
        standing=standing,
        total=total,
        alone=alone,
        isolation=company * (1.0 - standing) / (total - standing),
        crossing=patron * pull * jnp.where(members == US, 0.0, a.dependence[members]),
    )


def consult(table, weights, x):
    """Positions (..., M) that members express after they have listened to each other, from all positions (..., N)."""
    total = table.voice @ weights
    total = jnp.where(total == 0.0, 1.0, total)  # of allies at no table with those they listen to
    expressed = x
    for _ in range(CONSULTATIONS):
        heard = (table.voice * expressed) @ weights / total
        expressed = (1.0 - table.openness) * x + table.openness * heard
    return expressed[..., table.members]


def excess(p, table, salience, x, us, reversion, text):
    """Loss less threshold of a text for all at a table, over the chair's scale; salience is that of all allies."""
    bears_us, salience = table.alone / salience[US], salience[table.members]
    move, middle = text - reversion, text + reversion
    own = move * (middle - 2.0 * x)
    behind = jnp.where(own * salience <= table.alone, table.standing, 0.0)
    willing = 0.5 * table.neutral + behind.sum()
    backed = jax.nn.sigmoid((bears_us - move * (middle - 2.0 * us)) / jnp.maximum(p.slack_scale, 1e-12))
    h = table.alone + table.isolation * (willing - behind) + table.crossing * backed
    error = p.sd_position**2 + p.sd_chair**2
    scale = jnp.sqrt(p.slack_scale**2 + LOGISTIC_OF_NORMAL**2 * (2.0 * move) ** 2 * error)
    return (own - h / salience) / jnp.maximum(scale, 1e-12)


def chance(beyond):
    """The chair's estimate that all accept."""
    return 1.0 / jnp.prod(1.0 + jnp.exp(jnp.minimum(beyond, FARTHEST)))


def consensus_capacity(draw, weights, salience, x):
    """Mean over the reference agenda of the largest expected share of a proposal."""
    shared, min_share, agenda = draw.shared, draw.p.min_share, draw.shared.reference_issue
    step = (1.0 - min_share) / (GRID - 1)
    shares = 1.0 - np.arange(GRID) * step

    def largest(salience, x, base, span):
        def expected(share):
            return share * chance(excess(draw.p, draw.nato, salience, x, x[US], base, base + share * span))

        values = jax.vmap(expected)(shares)
        beside = shares[values.argmax()] + step * np.array([0.5, -0.5])
        inside = (min_share <= beside) & (beside <= 1.0)
        return jnp.maximum(values.max(), jnp.where(inside, jax.vmap(expected)(beside), 0.0).max())

    expressed = consult(draw.nato, weights, x[agenda])
    return jax.vmap(largest)(salience[agenda], expressed, shared.reference_reversion, shared.reference_span).mean()


def renewal_of_sanctions(draw, weights, salience, x, level):
    """Chance that the EU renews its sanctions, and the share of standing expected to object."""
    eu, base = draw.eu, draw.shared.rollover_reversion[0]
    expressed = consult(eu, weights, x[SANCTIONS])
    beyond = excess(draw.p, eu, salience[SANCTIONS], expressed, x[SANCTIONS, US], base, base + level)
    return chance(beyond), eu.standing @ jax.nn.sigmoid(beyond) / eu.total
