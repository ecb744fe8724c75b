"""What is known of each shell: its grammar, how to quote, to check and to drive it."""
