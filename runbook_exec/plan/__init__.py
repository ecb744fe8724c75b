"""What a run will do: the items of a procedure and the values known so far."""
