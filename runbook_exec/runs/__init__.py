"""The record of runs: what journals tell, for people, tickets, auditors and programs. It runs nothing."""
