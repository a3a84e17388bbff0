"""Checks on data, from queries and rules of the pipeline file."""
