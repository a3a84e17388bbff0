"""Checks of what is deployed: services, permissions, subscriptions, jobs, builds."""
