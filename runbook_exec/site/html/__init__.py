"""HTML of the parts that a page gets."""
