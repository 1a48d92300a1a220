"""Pretrained models from folders: one loader per role, complete or refused."""
