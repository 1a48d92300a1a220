"""Epochs and band features of EEG."""
