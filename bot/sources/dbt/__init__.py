"""dbt: the artifacts of its last run, in a folder or a bucket."""
