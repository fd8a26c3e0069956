"""Ways to cut a demonstration, one a file."""
