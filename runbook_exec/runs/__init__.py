"""Makes records, reports and checks of finished runs from journals.

Nothing here runs a command.
"""
