"""What a person sees and answers."""
