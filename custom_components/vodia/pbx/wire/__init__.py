"""How it is written: frames and replies, read tolerantly, and commands."""
