"""Makes plans: the items of a procedure, and the values known so far."""
