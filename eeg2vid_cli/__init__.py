"""The command line: parse, call, print. It never computes and imports nothing heavy at start-up."""
