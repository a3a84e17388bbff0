"""The repository: a clone, or GitHub."""
