"""Questions to results: comparisons, drivers, conditions, policies, precision."""
