"""The worker process, its client, and the frames between them."""
