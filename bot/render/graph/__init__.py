"""The graph of a pipeline as a picture: what is drawn, where it stands, and the formats."""
