"""A file system in the plainest terms: directories are dicts, files are objects.

Hard links are one object under two names, so sharing needs no bookkeeping. What distil's Tree
does with paths, this does with nested objects; tests compare the two.
"""

from __future__ import annotations

from collections.abc import Iterator


class Refused(Exception):
    """What cannot be done."""


class File:
    def __init__(self, content: str) -> None:
        self.content = content


class Link:
    def __init__(self, target: str) -> None:
        self.target = target


class Directory:
    def __init__(self) -> None:
        self.entries: dict[str, File | Link | Directory] = {}


Entry = File | Link | Directory


class FileSystem:
    def __init__(self) -> None:
        self.root = Directory()

    def real(self, path: str, budget: list[int] | None = None) -> list[str]:
        """The components of `path` without symbolic links; nothing has to be there."""
        budget = budget if budget is not None else [40]
        result: list[str] = []
        for part in path.split("/"):
            if part == "..":
                result = result[:-1]
            elif part not in ("", "."):
                entry = self.at([*result, part])
                if isinstance(entry, Link):
                    budget[0] -= 1
                    if budget[0] < 0:
                        raise Refused("loop")
                    start = "" if entry.target.startswith("/") else "/".join(result)
                    result = self.real(f"{start}/{entry.target}", budget)
                else:
                    result.append(part)
        return result

    def at(self, parts: list[str]) -> Entry | None:
        """What is at exactly these components."""
        entry: Entry | None = self.root
        for part in parts:
            entry = entry.entries.get(part) if isinstance(entry, Directory) else None
        return entry

    def directory(self, parts: list[str]) -> Directory:
        """The directory at `parts`, made where it is missing."""
        current = self.root
        for part in parts:
            entry = current.entries.setdefault(part, Directory())
            if not isinstance(entry, Directory):
                raise Refused("not a directory")
            current = entry
        return current

    def split(self, path: str) -> tuple[list[str], str]:
        parent, _, name = path.rpartition("/")
        return self.real(parent), name

    # --- image layers ----------------------------------------------------------------------

    def apply(self, layer: list[tuple[str, str, str]]) -> None:
        """Apply (kind, path, argument) entries; kinds as in `add`, and their whiteouts."""
        for _, path, _ in layer:
            if not path.rpartition("/")[2].startswith(".wh."):
                continue
            parent, name = self.split(path)
            holder = self.at(parent)
            if isinstance(holder, Directory):
                if name == ".wh..wh..opq":
                    holder.entries.clear()
                else:
                    holder.entries.pop(name[4:], None)
        for kind, path, argument in layer:
            if not path.rpartition("/")[2].startswith(".wh."):
                self.add(kind, path, argument)

    def add(self, kind: str, path: str, argument: str) -> None:
        parent, name = self.split(path)
        holder = self.directory(parent)
        if kind == "directory":
            if not isinstance(holder.entries.get(name), Directory):
                holder.entries[name] = Directory()
        elif kind == "file":
            holder.entries[name] = File(argument)
        elif kind == "symlink":
            holder.entries[name] = Link(argument)
        else:
            target_parent, target_name = self.split(argument)
            target = self.at([*target_parent, target_name])
            if target is None or isinstance(target, Directory):
                raise Refused("dangling")
            holder.entries[name] = Link(target.target) if isinstance(target, Link) else target

    # --- comparing -------------------------------------------------------------------------

    def walk(self) -> Iterator[tuple[str, Entry]]:
        pending: list[tuple[str, Entry]] = [("", self.root)]
        while pending:
            path, entry = pending.pop()
            yield path or "/", entry
            if isinstance(entry, Directory):
                pending += [(f"{path}/{name}", child) for name, child in entry.entries.items()]

    def facts(self) -> dict[str, tuple[str, str]]:
        """Path to kind and content, link target, or the first path of the same file."""
        first: dict[int, str] = {}
        result = {}
        for path, entry in sorted(self.walk(), key=lambda item: item[0]):
            if isinstance(entry, Directory):
                result[path] = ("directory", "")
            elif isinstance(entry, Link):
                result[path] = ("symlink", entry.target)
            elif id(entry) in first:
                result[path] = ("hard link", first[id(entry)])
            else:
                first[id(entry)] = path
                result[path] = ("file", entry.content)
        return result
