"""Latent diffusion: the VAE, and later the generators."""
