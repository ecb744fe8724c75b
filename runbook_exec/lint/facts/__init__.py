"""Facts for rules beyond the page: the files around it, git, the shells, this machine."""
