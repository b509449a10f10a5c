"""Where labelled photos are: folders of classes, tables and archives, all of them as one list of entries.

Archives are only read, never unpacked: a member's name is a key and nothing else, and links and devices are left out.
Plain Python: this module runs on every Keras backend.
"""

from __future__ import annotations

import csv
import glob
import io
import lzma
import os
import posixpath
import tarfile
import zlib
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from models.errors import ModelError

FORMS = (
    "a set is a folder <set> with <set>-<split>.csv and <set>-<split>*.tar, a folder with one folder per class (below "
    "train, val and test or not), a CSV with the columns file and label (and split), or a .tar of one of the latter two"
)
MAX_BYTES = 100_000_000  # no photo is longer
_SPLITS = {"training": "train", "valid": "val", "validation": "val", "testing": "test"}
_SPLITS |= {name: name for name in ("train", "val", "test")}
_DAMAGED = (tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError)


@dataclass(frozen=True)
class Entry:
    """One row of a set, whether its photo is there or not.

    Attributes:
        file: the photo's name inside the set.
        label: its class, or the species where the table has such a column.
        split: empty where the set does not say.
        places: the photo's own file, or the archives to look for it in.
        member: its name in them, or empty.
        fault: why it can be no photo, or empty.
        row: the whole row of the table; of folders the same columns.
    """

    file: str
    label: str
    split: str
    places: tuple[Path, ...]
    member: str = ""
    fault: str = ""
    row: dict[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Source:
    """What `find` finds.

    Attributes:
        entries: in the order of the table; of folders each class' first photo, then each one's second, and so on, so
            that the first few are of all classes.
        packed: whether it is a packed set, whose photos have the size they are to be used in.
    """

    entries: list[Entry]
    packed: bool = False


def find(source: Path, split: str | None = None) -> Source:
    """The entries of a set, of all its splits; of a packed set those of the one split only, if one is named.

    Args:
        source: a folder, a table or an archive, in one of the forms that `FORMS` names.
        split: for example "train"; None is all.

    Raises:
        ModelError: it is in none of these forms, it is damaged, or it is a packed set without this split.
    """
    if source.is_dir():
        packed = _packed(source, split)
        if packed is not None:
            return Source(packed, packed=True)
        tables = {
            file: rows for file in sorted(source.glob("*.csv")) if (rows := _rows(file.read_bytes(), file, False))
        }
        if len(tables) > 1:
            raise ModelError(f"{source} has several tables of photos: name one of {', '.join(map(str, tables))}.")
        for file, rows in tables.items():
            return Source(_beside(file, rows))
        return Source(_folders(source))
    if not source.is_file():
        raise ModelError(f"{source} is not there: {FORMS}.")
    if source.suffix.lower() == ".csv":
        return Source(_beside(source, _rows(source.read_bytes(), source)))
    if tarfile.is_tarfile(source):
        return Source(_archive(source))
    raise ModelError(f"{source} is neither a folder nor a .csv nor a .tar: {FORMS}.")


def contents(entries: Sequence[Entry]) -> Iterator[tuple[int, bytes | str]]:
    """The bytes of each entry's file, in the order that is fastest to read.

    Yields:
        The entry's index, and its bytes, or as a string why there are none. Where an archive has a name twice, its
        index comes twice, and the later one counts.

    Raises:
        ModelError: an archive is damaged.
    """
    wanted: dict[Path, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    missing = set()
    for index, entry in enumerate(entries):
        if entry.fault:
            yield index, entry.fault
        elif not entry.member:
            yield index, _file(entry.places[0])
        else:
            missing.add(index)
            for archive in entry.places:
                wanted[archive][entry.member].append(index)
    for archive, members in wanted.items():
        for name, content in _members(archive, members):
            missing.difference_update(members[name])
            yield from ((index, content) for index in members[name])
    yield from ((index, "is not there") for index in sorted(missing))


def _packed(folder: Path, split: str | None) -> list[Entry] | None:
    """The rows of `<set>-<split>.csv`, or of all of these; None if the folder is no packed set."""
    prefix = glob.escape(f"{folder.resolve().name}-")
    splits = {}
    for table in sorted(folder.glob(f"{prefix}*.csv")):
        archives = tuple(sorted(folder.glob(f"{glob.escape(table.stem)}*.tar")))
        if archives:
            splits[table.stem.removeprefix(f"{folder.resolve().name}-")] = table, archives
    if not splits:
        return None
    if split is not None and split not in splits:
        raise ModelError(f"{folder} has no split {split!r}. Its splits: {', '.join(splits)}.")
    return [
        _entry(row, archives, _clean(row["file"]) or "", name)
        for name, (table, archives) in splits.items()
        if split in (None, name)
        for row in _rows(table.read_bytes(), table)
        if (row.get("split") or name) == name
    ]


def _beside(table: Path, rows: list[dict[str, str]]) -> list[Entry]:
    """The rows of a table whose photos are files with paths from where it lies."""
    return [_entry(row, (table.parent / row["file"],)) for row in rows]


def _folders(source: Path) -> list[Entry]:
    """The photos of a folder with one folder per class."""
    files = (Path(folder, name).relative_to(source) for folder, _, names in os.walk(source) for name in names)
    entries = [
        Entry(file, label, split, (source / file,), row={"file": file, "label": label, "split": split})
        for file, label, split in _classes(file.as_posix() for file in files)
    ]
    if not entries:
        found = sorted(path.name for path in source.iterdir())
        there = ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
        raise ModelError(f"{source} holds no photos in folders of classes, only: {there or 'nothing'}; {FORMS}.")
    return entries


def _archive(source: Path) -> list[Entry]:
    """The photos of an archive that holds a table, or a folder per class."""
    names: dict[str, str] = {}
    tables: dict[str, list[dict[str, str]]] = {}
    with _opened(source) as tar:
        for member in tar:
            name = _clean(member.name)
            if member.isdir():
                continue
            if name is None:
                names[posixpath.basename(member.name)] = "has a name that leads out of its archive"
            elif not member.isreg():
                names[name] = "is no file, but a link or a device"
            else:
                names[name] = ""
                file = tar.extractfile(member) if name.endswith(".csv") and member.size < MAX_BYTES else None
                rows = _rows(file.read(), Path(name), must=False) if file else []
                if rows:
                    tables[name] = rows
    if len(tables) > 1:
        raise ModelError(f"{source} has several tables of photos: {', '.join(tables)}. One is needed.")
    for table, rows in tables.items():
        places = [_clean(posixpath.join(posixpath.dirname(table), row["file"])) for row in rows]
        return [_entry(row, (source,), place or "", "") for row, place in zip(rows, places, strict=True)]
    entries = [
        Entry(file, label, split, (source,), file, names[file], {"file": file, "label": label, "split": split})
        for file, label, split in _classes(names, whole=True)
    ]
    if not entries:
        raise ModelError(f"{source} holds no photos in folders of classes and no table of them; {FORMS}.")
    return entries


def _entry(row: dict[str, str], places: tuple[Path, ...], member: str | None = None, split: str = "") -> Entry:
    """A table's row; `member` is None for a photo that is a file of its own."""
    label = row.get("species") or row["label"]
    fault = "" if label else "has no label"
    fault = "has a name that leads out of its archive" if member == "" else fault
    fault = fault if row["file"] else "has no name in the table"
    split = split or _SPLITS.get(row.get("split", ""), row.get("split", ""))
    return Entry(row["file"], label, split, places, member or "", fault, row)


def _classes(files: Iterable[str], whole: bool = False) -> list[tuple[str, str, str]]:
    """File, label and split (or none) of all files that lie in a folder; hidden ones are left out.

    The outer folders are splits if `train` and `val` or `test` are among them, or nothing but these; else classes.

    Args:
        files: paths from the set's folder.
        whole: whether one folder round all others is nothing but the set's own.
    """
    paths = {file: file.split("/") for file in files}
    paths = {file: parts for file, parts in paths.items() if not any(part.startswith(".") for part in parts)}
    tops = {parts[0] for parts in paths.values()}
    if whole and len(tops) == 1 and not tops & _SPLITS.keys() and all(len(parts) > 2 for parts in paths.values()):
        paths = {file: parts[1:] for file, parts in paths.items()}
    folders = {file: parts for file, parts in paths.items() if len(parts) > 1}
    outer = {_SPLITS.get(parts[0], "") for parts in folders.values() if len(parts) > 2}
    if outer and (("train" in outer and outer & {"val", "test"}) or all(p[0] in _SPLITS for p in folders.values())):
        found = [(file, p[1], _SPLITS.get(p[0], p[0])) for file, p in folders.items() if len(p) > 2]
    else:
        found = [(file, p[0], "") for file, p in folders.items()]
    counts: dict[tuple[str, str], int] = defaultdict(int)
    turns = []
    for file, label, split in sorted(found):
        turns.append((counts[label, split], file, label, split))
        counts[label, split] += 1
    return [(file, label, split) for _, file, label, split in sorted(turns)]


def _rows(content: bytes, file: Path, must: bool = True) -> list[dict[str, str]]:
    """The rows of a table of photos; what is no such table is an error, or without `must` no rows."""
    try:
        text = content.decode("utf-8-sig")
        head = text.partition("\n")[0]
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
        columns = list(reader.fieldnames or ())
        if {"file", "label"} <= set(columns):
            return [{key: value or "" for key, value in row.items() if key in columns} for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        if must:
            raise ModelError(f"{file} is no table that can be read: {error}.") from error
        return []
    if must:
        raise ModelError(f"{file} needs the columns file and label; it has {', '.join(columns) or 'none'}.")
    return []


def _clean(name: str) -> str | None:
    """A member's name without `./` and the like; None if it leads out of the archive."""
    clean = posixpath.normpath(name)
    return None if clean.startswith(("/", "../")) or clean in ("..", ".") else clean


@contextmanager
def _opened(archive: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(archive, "r:*") as tar:
            yield tar
    except _DAMAGED as error:
        raise ModelError(f"{archive} is damaged or incomplete: {error}.") from error


def _members(archive: Path, wanted: Container[str]) -> Iterator[tuple[str, bytes | str]]:
    with _opened(archive) as tar:
        for member in tar:
            name = _clean(member.name)
            if name is None or name not in wanted or not member.isreg():
                continue
            file = tar.extractfile(member) if member.size <= MAX_BYTES else None
            yield name, _long(member.size) if file is None else file.read()


def _file(path: Path) -> bytes | str:
    try:
        if not path.exists():
            return "is not there"
        if not path.is_file():
            return "is not a file"  # a device or a pipe might never end
        size = path.stat().st_size
        return _long(size) if size > MAX_BYTES else path.read_bytes()
    except (OSError, ValueError) as error:
        return f"can't be read: {error}"


def _long(size: int) -> str:
    return f"has {size:,} bytes, more than the {MAX_BYTES:,} that are taken"
