"""The deployment audit of a clone."""
