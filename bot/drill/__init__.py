"""Drills: worlds that are broken on purpose, and what the checks say of them."""
