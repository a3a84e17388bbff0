"""Rows in, findings out: what each check of the NBA pipeline says at and around each of its limits."""
