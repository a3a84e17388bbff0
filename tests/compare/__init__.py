"""Side by side with other tools that check tables: the same data, the same three faults."""
