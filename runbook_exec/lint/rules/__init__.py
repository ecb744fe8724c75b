"""Holds the rules, a module for each group."""
