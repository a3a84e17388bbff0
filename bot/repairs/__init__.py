"""Repairs: planned, confirmed, applied once, verified, written down, reversible."""
