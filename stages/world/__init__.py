"""A world with a known truth: procedural films, and EEG that carries their features."""
