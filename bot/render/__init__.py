"""What people read, as neutral messages, and their formats: terminal, JSON, Block Kit."""
