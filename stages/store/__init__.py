"""Artifacts on disk: arrays, tables, manifests, digests, commit."""
