"""BigQuery on DuckDB: GoogleSQL transpiled, on tables that a scenario fills."""
