"""The plan as a picture: what is planned (`model`), folded (`folding`), laid out (`layout`) and drawn."""
