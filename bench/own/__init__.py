"""What a user brings: problems and backends in files, and problems that were made in Python."""
