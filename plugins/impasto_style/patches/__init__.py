"""Style transfer by patches, refined by the bundled encoder."""
