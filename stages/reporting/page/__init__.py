"""The pages: HTML that needs nothing from outside, from rows, videos and findings."""
