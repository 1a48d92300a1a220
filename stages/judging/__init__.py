"""What `score`, `report` and `compare` hold what was decoded against: true clips, labels, values; and people."""
