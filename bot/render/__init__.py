"""What people read, as neutral messages, and their formats: terminal, JSON, HTML, Block Kit."""
