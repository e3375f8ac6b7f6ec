"""Estimation of the quantities of the model from evidence and facts, with the extra 'calibration'."""
