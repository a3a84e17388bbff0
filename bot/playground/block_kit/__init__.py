"""Block Kit as HTML, for the playground's page and for pictures; what cannot be drawn is refused."""
