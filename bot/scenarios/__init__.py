"""Scenarios: files that describe a world at one instant, and that world."""
