"""One run, put together from plan, session, answers and observers."""
