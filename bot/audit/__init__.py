"""The deployment audit: reads deploy scripts and Cloud Build files, and never runs, calls or changes anything."""
