"""What all clients of Google's share: credentials, channels, errors in our words, bounded lists."""
