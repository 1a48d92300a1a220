"""Older versions of schemas, as they were first written: read for ever, never changed."""
