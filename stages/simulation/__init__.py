"""A study whose truth is known: drawn films, and EEG that carries their features."""
