"""Incidents and alerts: what is opened, what is said of it, when it ends."""
