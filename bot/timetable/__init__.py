"""What happens by the clock: digest, refresh, watch, heartbeat."""
