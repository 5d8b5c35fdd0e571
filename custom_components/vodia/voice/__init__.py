"""Words: what people ask the telephones, and what is answered."""
