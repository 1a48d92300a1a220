"""Pretrained models, one loader for each role of a profile; each takes a file that is complete and nothing besides."""
