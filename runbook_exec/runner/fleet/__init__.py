"""Runs a page on many hosts: a process, a run and a journal for each."""
