"""Comparison of the model with what is known: the claims of the documents."""
