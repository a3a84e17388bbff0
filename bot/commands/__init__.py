"""The commands of the shell, one file a family; ``bot.cli`` has the table of them."""
