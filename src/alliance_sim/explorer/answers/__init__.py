"""What pages show, in plain rounded lists: no page computes a number itself."""
