"""What makes each condition of `eeg2vid.schemas.conditions`: one file each."""
