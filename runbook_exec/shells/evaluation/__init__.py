"""Finds the places of a statement where what is written is read again, as code."""
