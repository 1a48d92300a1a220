"""Denoising clips: the inflated UNet, and how clips are sampled with it."""
