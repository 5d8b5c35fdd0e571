"""What happened: each call from its first ring to how it ended. Pure."""
