"""What a shell script runs, read without running it."""
