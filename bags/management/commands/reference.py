"""The old name of load_reference_data, for one release."""

from bags.management.commands.load_reference_data import Command as Command
