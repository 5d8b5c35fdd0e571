"""Commands to the PBX, and the wait for their effect."""
