"""What a process asks of its operating system: files, names and text from outside, locks, signals, streams."""
