"""What must never be shown, found in a stream however it is cut."""
