"""Slack: what is posted, edited and found there, and everything that holds of Slack alone."""
