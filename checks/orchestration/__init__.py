"""Checks of phases and the triggers between them."""
