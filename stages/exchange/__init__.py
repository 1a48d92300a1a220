"""Exchange with the world outside: foreign files become arrays and rows, artifacts become plain files."""
