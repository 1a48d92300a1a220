"""Decoders from EEG: classifiers and mappers. Arrays in, arrays out; `table.py` lists them."""
