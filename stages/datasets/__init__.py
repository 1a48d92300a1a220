"""Data sets as found on disk: SEED-DV, own recordings; splits and labels."""
