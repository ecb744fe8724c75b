"""One run put together: plan, session, answers, observers."""
