"""How artifacts are made: one file per stage, the engine, the store, and the science in rooms of its own."""
