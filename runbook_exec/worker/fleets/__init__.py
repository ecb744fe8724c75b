"""Orders a page on many hosts, some at a time."""
