"""The checks: what Reveille asks a pipeline, and how the answers are judged.

Nothing in this package knows Slack, Google Cloud or the command line. A check looks at the world
through the protocols of ``checks.ports`` and yields findings of ``checks.model``.
"""
