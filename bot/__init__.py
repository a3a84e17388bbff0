"""Everything around the checks: the commands, Slack, Google Cloud, the store."""
