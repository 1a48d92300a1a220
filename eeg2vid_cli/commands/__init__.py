"""One file per service, and the one behind every stage's command."""
