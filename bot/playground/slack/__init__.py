"""A server that speaks Slack's API on loopback: the workspace, its refusals, and the requests that it sends."""
