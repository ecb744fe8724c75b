"""Supports the shells: for each its grammar, quoting, syntax check, driver and snapshot."""
