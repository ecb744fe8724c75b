"""Defines problems and findings, and the formats of reports."""
