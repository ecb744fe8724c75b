"""A practice world: stand-ins for `fly`, `op`, `mise` and Forgejo, and a folder to break things in."""
