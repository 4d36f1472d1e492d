"""Reading and writing maps: picture formats, colour, metadata, and results larger than memory."""
