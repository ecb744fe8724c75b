"""Where the value of a placeholder can come from: one module for each kind."""
