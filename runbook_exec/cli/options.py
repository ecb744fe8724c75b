"""A parser for one of the program's commands."""

from __future__ import annotations

import argparse


def build_parser(name: str, usage: str, description: str, epilog: str = "") -> argparse.ArgumentParser:
    """The parser of `runbook-exec NAME`, without its arguments."""
    return argparse.ArgumentParser(
        prog=f"runbook-exec {name}".strip(),
        usage=usage,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
