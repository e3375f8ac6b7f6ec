"""Results of runs: ensembles, their views, queries, figures and files."""
