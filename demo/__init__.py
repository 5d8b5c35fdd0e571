"""A simulated PBX and a real Home Assistant that shows it."""
