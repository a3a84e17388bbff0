"""Days at high speed: a real bot on worlds that break and heal, on a store and a Slack that outlive its processes."""
