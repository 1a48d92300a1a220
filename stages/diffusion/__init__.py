"""Diffusion over clips: schedule, noise, start level, the one sampler; the video network and its training."""
