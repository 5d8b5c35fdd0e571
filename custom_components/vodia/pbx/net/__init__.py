"""How the PBX is reached: login, session, WebSocket and REST."""
