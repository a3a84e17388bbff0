"""The rules of the audit, one module each: what it demands, why, and the pure function that decides."""
