"""Outlines a page: its procedures, their steps, and the procedure that runs unless one is named."""
