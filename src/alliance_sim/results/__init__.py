"""Results of runs: ensembles, result tables, queries and figures."""
