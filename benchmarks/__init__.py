"""How long `runbook-exec` takes beside the tools one would otherwise use, each measured in the same run."""
