"""Style transfer by patches, without any network."""
