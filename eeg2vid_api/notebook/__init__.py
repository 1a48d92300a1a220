"""What `import eeg2vid` gives a notebook: a study's artifacts as handles, and decoders. Beside the command line."""
