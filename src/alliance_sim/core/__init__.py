"""The numba core: arrays in, arrays out, without files, data frames or agents."""
