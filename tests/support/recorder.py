"""The database of the recorder, as a thief reads it."""

from pathlib import Path
import sqlite3


def database(url: str) -> str:
    """Return all that is in a database: its rows, and its files as they are."""
    path = Path(url.removeprefix("sqlite:///"))
    with sqlite3.connect(path) as connection:
        rows = "\n".join(connection.iterdump())
    assert "sensor.freya_nilsen_last_caller" in rows
    files = [file.read_bytes() for file in path.parent.iterdir() if file.is_file()]
    return rows + "".join(data.decode(errors="ignore") for data in files)
