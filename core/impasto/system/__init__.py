"""The process and its operating system: files, names and text from outside, locks, signals, streams."""
