"""Slack as a web page: Block Kit drawn faithfully enough to judge a message with the eye."""
