"""What is asked of the PBX: commands, and the wait for their effect."""
