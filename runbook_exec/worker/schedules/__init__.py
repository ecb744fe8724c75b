"""Orders pages whenever their cadence has passed since their last success."""
