"""Where artifacts meet arrays: people, events, folds, clips and inputs, joined by id and never by position."""
