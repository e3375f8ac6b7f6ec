"""Estimation: what documents, figures and the record say about actors and parameters."""
