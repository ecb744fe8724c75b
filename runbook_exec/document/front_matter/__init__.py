"""What the front matter says."""
