"""The model compared with the record, with fixed requirements, and with itself without its parts."""
