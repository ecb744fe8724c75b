"""Run the Markdown how-to that people read."""

__version__ = "0.1.0"
