"""What an artifact is: pydantic models of everything on disk. Standard library, pydantic, numpy only."""
