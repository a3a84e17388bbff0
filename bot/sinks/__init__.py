"""Where messages and events go: one folder a sink, and one line in the table of sinks."""
