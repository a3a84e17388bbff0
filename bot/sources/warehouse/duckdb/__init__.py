"""BigQuery on DuckDB: GoogleSQL translated, on tables that a scenario fills."""
