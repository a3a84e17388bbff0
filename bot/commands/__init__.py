"""The commands of the shell, one file a family. Importing them loads nothing heavy."""
