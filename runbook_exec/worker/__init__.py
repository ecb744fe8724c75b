"""Runs that cross machines: orders, their legs on a host, and the workflow between them."""
