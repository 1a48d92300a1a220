"""Dividing events into training, validation and test; refusing divisions that leak."""
