"""What an audit found, for people, programs, code scanning and pull requests."""
