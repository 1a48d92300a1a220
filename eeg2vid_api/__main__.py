"""`python -m eeg2vid`: the command line."""

from eeg2vid.cli.app import main

if __name__ == "__main__":
    main()
