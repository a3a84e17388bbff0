"""Cloud Run's jobs."""
