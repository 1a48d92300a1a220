"""Inputs, standardisation, the training loop, and decoders on disk."""
