"""What rules may ask beyond the page: files around it, git, the shells, this machine."""
