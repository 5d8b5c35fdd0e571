"""Voice: commands and questions in words, and their answers."""
