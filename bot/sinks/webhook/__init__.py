"""Webhooks: one JSON event a transition, for a pager or for whatever takes JSON."""
