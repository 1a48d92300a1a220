"""Films and clips: decoding by time, resizing, encoding."""
