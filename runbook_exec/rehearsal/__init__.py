"""Rehearsals: a runbook run with stand-ins for every program that it calls, as a transcript says."""
