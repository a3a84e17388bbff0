"""From the store to Slack: nothing lost, nothing twice."""
