"""What is kept: database, vector index, event log, frames."""
