"""The engine: stage declarations, planning, settings, running. It knows no science."""
