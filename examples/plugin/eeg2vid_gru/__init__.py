"""A network and a generator for eeg2vid. Import nothing heavy here: help and planning read the settings."""
