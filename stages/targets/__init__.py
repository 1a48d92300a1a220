"""What can be decoded: labels and values, each with the way to load it for a fold."""
