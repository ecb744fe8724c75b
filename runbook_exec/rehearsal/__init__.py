"""Runs a runbook with stand-ins for all programs, and compares the calls with a transcript."""
