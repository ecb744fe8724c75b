"""Loads mistune's grammar of blocks, and nothing else of it.

`import mistune` also loads its inline grammar, its renderers and `dataclasses` with `inspect`: a tenth of the
time of a short run, for nothing that a page needs to be parsed. Here the modules of mistune's folder are
modules of this package, each loaded by itself. One of them is ours: `list_parser`.
"""

from importlib.machinery import PathFinder

_spec = PathFinder.find_spec("mistune")
if _spec is None:  # it is installed in another way than as a folder on the path
    from importlib.util import find_spec

    _spec = find_spec("mistune")
if _spec is not None:
    __path__ += _spec.submodule_search_locations or []
