"""Finished runs: records, reports and checks, made from journals.

Nothing here runs a command.
"""
