"""What Slack and Cloud Scheduler call: parse, ask, answer."""
