"""Runs a runbook with a stand-in for every program that it calls, and compares it with a transcript."""
