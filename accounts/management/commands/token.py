"""The old name of create_token, for one release."""

from accounts.management.commands.create_token import Command as Command
