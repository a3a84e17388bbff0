"""What checks may ask, a module a source: its protocol with plain types, the source itself, and its questions."""
