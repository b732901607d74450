"""The old name of count_rows, for one release."""

from dashboard.management.commands.count_rows import Command as Command
