"""Recording of scans: rules, undo, unit of work, single and bulk recording."""
