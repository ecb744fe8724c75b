"""The language server: what editors show of a page while it is written. It never runs a page.

Only this package imports `pygls` and `lsprotocol`.
"""
