"""Staging by prefix: copies of datasets and services beside production, and the proof that it stayed untouched."""
