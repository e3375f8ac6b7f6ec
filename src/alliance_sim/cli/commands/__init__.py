"""The commands: each reads its arguments, calls the API and prints a report."""
