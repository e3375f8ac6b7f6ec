"""Every name the program knows, once: actors, issues, parameters, outcomes, events."""
