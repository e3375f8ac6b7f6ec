"""Analysis of results: paired comparisons, sensitivity, scenario discovery, choice of policies, precision."""
