"""The protocol of a Vodia PBX: pure asyncio and aiohttp, free of Home Assistant."""
