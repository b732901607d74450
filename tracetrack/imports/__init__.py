"""Reading of uploaded sheets and the base of the import commands."""
