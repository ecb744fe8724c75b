"""Tells commands in a block from output, data, synopses and scripts, and finds suspicious characters."""
