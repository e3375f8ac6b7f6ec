"""The model without meetings, written as users of Mesa, NumPy and JAX would write it."""
