"""The pipeline file: read, validated, its queries and references checked."""
