"""The playground: a Slack of its own with a page, and a recorded world behind the real bot that people can break."""
