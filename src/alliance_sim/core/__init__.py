"""The numba core: arrays in, arrays out. No files, no pandas, no Mesa, nothing of ours from other rooms."""
