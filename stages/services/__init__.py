"""What commands use around the engine: processes, schedulers, import and export, weights, citations."""
