"""Recipes, one TOML file per system."""
