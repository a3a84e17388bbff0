"""The only place that builds adapters and wires them, a module a way to run."""
