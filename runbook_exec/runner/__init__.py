"""Performs one run, put together from plan, session, answers and observers."""
