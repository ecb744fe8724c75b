"""Where a value can come from: one module for each kind of source, listed in `registry`."""
