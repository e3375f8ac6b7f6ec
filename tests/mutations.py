"""Changes of a YAML file that leave it YAML: what the fuzz tests of scenarios and experiments are made of."""

from copy import deepcopy
from typing import Any

import yaml
from hypothesis import strategies as st

__all__ = ["changed", "changes"]


def changes(names: st.SearchStrategy[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Return lists of changes: where, what, and a name and a value for those that need one."""
    kinds = st.sampled_from(["set", "delete", "copy", "rename", "add", "move"])
    return st.lists(st.tuples(st.integers(0), kinds, names, values), min_size=1, max_size=4)


class Plain(yaml.SafeDumper):
    """Writes no aliases: they would be all that is wrong with a file."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Return every (container, key) below a tree."""
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [found for key, value in entries for found in ((tree, key), *places(value))]


def changed(original: bytes | str, changes: list[tuple[int, str, str, Any]]) -> bytes:
    """Change values, keys and entries of a file that stays YAML."""
    tree = yaml.safe_load(original)
    for at, what, name, value in changes:
        everywhere = places(tree)
        if not everywhere:
            break
        inside, key = everywhere[at % len(everywhere)]
        if what == "set":
            inside[key] = deepcopy(value)
        elif what == "delete":
            del inside[key]
        elif what == "copy" and isinstance(inside, list):
            inside.append(deepcopy(inside[key]))
        elif what == "rename" and isinstance(inside, dict):
            inside[name] = inside.pop(key)
        elif what == "add" and isinstance(inside, dict):
            inside[name] = deepcopy(value)
        else:
            other, there = everywhere[(at * 7919) % len(everywhere)]
            inside[key], other[there] = deepcopy(other[there]), deepcopy(inside[key])
    return yaml.dump(tree, Dumper=Plain, sort_keys=False, allow_unicode=True).encode()
