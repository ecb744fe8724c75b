"""Runs a runbook with a stand-in for every program, and compares the calls with a transcript."""
