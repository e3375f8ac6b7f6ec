"""Reports that the commands print: tables and notes for readers, objects for JSON."""
