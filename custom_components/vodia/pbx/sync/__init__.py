"""How the state stays in step with the PBX: what is read, when, and again."""
