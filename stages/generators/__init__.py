"""What turns decoded values into videos: one file each."""
