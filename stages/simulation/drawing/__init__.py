"""Drawing simulated films: posed parts, their rasterisation and motion, backdrops, and what each concept looks like."""
