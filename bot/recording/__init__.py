"""What a validation read, as a scenario that says the same: what was asked, what of it is hidden, how it is written."""
