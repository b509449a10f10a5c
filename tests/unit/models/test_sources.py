from __future__ import annotations

import os
import tarfile

import numpy as np
import pytest
from unit.models.pictures import encode, pack, picture, write

from models import data, splits
from models.errors import ModelError

A, B, C, D = (encode(picture(seed)) for seed in range(4))


def labels(source, split="train") -> dict[str, str]:
    return {example.file: example.label for example in data.read(source, split).examples}


def every_label(source) -> dict[str, str]:
    """Of all three splits, which the content decides on."""
    found: dict[str, str] = {}
    for split in ("train", "val", "test"):
        try:
            found |= labels(source, split)
        except ModelError:  # so few photos need not fall into all
            continue
    return found


def test_a_folder_per_class(tmp_path):
    files = {"cat/a.png": A, "cat/far/below/b.png": B, "dog/c.PNG": C, "dog/.hidden.png": D, ".trash/x/d.png": D}
    assert every_label(write(tmp_path / "set", files | {"notes.txt": b"beside the folders"})) == {
        "cat/a.png": "cat", "cat/far/below/b.png": "cat", "dog/c.PNG": "dog"}  # fmt: skip


def test_a_folder_per_class_below_one_per_split(tmp_path):
    files = {"train/cat/a.png": A, "train/dog/b.png": B, "validation/cat/c.png": C, "test/dog/deep/d.png": D}
    files |= {"judge/cow/e.png": A, "notes/f.txt": b"no split"}
    folder = write(tmp_path / "set", files)
    assert labels(folder, "train") == {"train/cat/a.png": "cat", "train/dog/b.png": "dog"}
    assert labels(folder, "val") == {"validation/cat/c.png": "cat"}
    assert labels(folder, "test") == {"test/dog/deep/d.png": "dog"}
    assert labels(folder, "judge") == {"judge/cow/e.png": "cow"}
    only = write(tmp_path / "only", {"train/cat/a.png": A})
    assert labels(only, "train") == {"train/cat/a.png": "cat"}


def test_the_first_few_of_a_folder_are_of_all_classes(tmp_path):
    files = {
        f"train/{label}/{n}.png": encode(picture(n)) for n, label in enumerate(["cat"] * 5 + ["cow"] * 2 + ["dog"])
    }
    examples = data.read(write(tmp_path / "set", files), "train", limit=4).examples
    assert [example.label for example in examples] == ["cat", "cow", "dog", "cat"]


@pytest.mark.parametrize("direct", [True, False])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_beside_its_photos(tmp_path, direct, separator):
    folder = write(tmp_path / "set", {"pictures/a.png": A, "b.png": B, "c.png": C})
    rows = [["file", "label", "split", "by"], ["pictures/a.png", "cat", "train", "Ann"], ["c.png", "dog", "valid", ""],
            ["b.png", "dog", "train", "Bob"]]  # fmt: skip
    text = "\ufeff" + "\r\n".join(separator.join(row) for row in rows)  # as Excel writes it
    (folder / "mine.csv").write_text(text, encoding="utf-8")
    (folder / "classes.csv").write_text("id,label\n1,cat\n")
    source = folder / "mine.csv" if direct else folder
    first, second = data.read(source, "train").examples
    assert (first.file, first.label, first.row["by"]) == ("pictures/a.png", "cat", "Ann")
    assert (second.file, second.label, second.row["by"]) == ("b.png", "dog", "Bob")
    assert labels(source, "val") == {"c.png": "dog"}


@pytest.mark.parametrize("top", ["", "./", "mypets/"])
@pytest.mark.parametrize(("name", "mode"), [("set.tar", "w"), ("set.tar.gz", "w:gz")])
def test_an_archive_with_a_folder_per_class(tmp_path, top, name, mode):
    files = {"train/cat/a.png": A, "train/dog/b.png": B, "val/cat/c.png": C}
    archive = pack(tmp_path / name, {top + file: content for file, content in files.items()}, mode)
    top = top.removeprefix("./")
    assert labels(archive) == {f"{top}train/cat/a.png": "cat", f"{top}train/dog/b.png": "dog"}
    assert labels(archive, "val") == {f"{top}val/cat/c.png": "cat"}


def test_an_archive_whose_splits_the_content_decides_on(tmp_path):
    archive = pack(tmp_path / "set.tar", {"pets/cat/a.png": A, "pets/dog/b.png": B})
    assert every_label(archive) == {"pets/cat/a.png": "cat", "pets/dog/b.png": "dog"}
    folder = write(tmp_path / "same", {"cat/a.png": A, "dog/b.png": B})
    assert sorted(every_label(folder).values()) == ["cat", "dog"]
    for split in ("train", "val", "test"):
        assert (split in str(every_label(archive))) == (split in str(every_label(folder)))


def test_an_archive_with_a_table(tmp_path):
    table = b"file,label,split\nphotos/b.png,dog,train\nphotos/a.png,cat,train\n"
    archive = pack(tmp_path / "set.tar", {"set/photos/a.png": A, "set/table.csv": table, "set/photos/b.png": B})
    assert list(labels(archive).items()) == [("photos/b.png", "dog"), ("photos/a.png", "cat")]


def test_a_name_that_an_archive_has_twice_means_the_later_file(tmp_path):
    pack(tmp_path / "set.tar", {"train/cat/a.png": A})
    (example,) = data.read(pack(tmp_path / "set.tar", {"train/cat/a.png": B}, "a"), "train").examples
    assert np.array_equal(example.pixels, picture(1))


def test_an_archive_does_no_harm(tmp_path):
    secret = write(tmp_path / "elsewhere", {"secret.png": D}) / "secret.png"
    link, pipe = tarfile.TarInfo("train/cat/link.png"), tarfile.TarInfo("train/cat/pipe.png")
    link.type, link.linkname, pipe.type = tarfile.SYMTYPE, str(secret), tarfile.FIFOTYPE
    files = {"train/cat/a.png": A, "../evil.png": B, "/tmp/whylight-evil.png": C, "train/cat/link.png": link}  # noqa: S108
    archive = pack(tmp_path / "deep" / "set.tar", {**files, "train/cat/pipe.png": pipe})
    before = sorted(tmp_path.rglob("*"))
    reading = data.read(archive, "train")
    assert [example.file for example in reading.examples] == ["train/cat/a.png"]
    assert {fault.file: fault.reason for fault in reading.faults} == dict.fromkeys(
        ["train/cat/link.png", "train/cat/pipe.png"], "is no file, but a link or a device"
    )
    assert sorted(tmp_path.rglob("*")) == before
    assert not os.path.exists("/tmp/whylight-evil.png")  # noqa: PTH110, S108

    table = f"file,label\n../../elsewhere/secret.png,cat\n{secret},cat\na.png,cat\n".encode()
    reading = data.read(pack(tmp_path / "table.tar", {"t.csv": table + b"a.png,cat\n", "a.png": A}), where(A))
    assert [example.file for example in reading.examples] == ["a.png", "a.png"]


def where(content: bytes) -> str:
    """The split that a photo's content decides for, found by asking."""
    return splits.by_digest(splits.fingerprint(content, None).digest)


def test_what_cannot_be_read_is_listed_and_left_out(tmp_path):
    files = {"a.png": A, "empty.png": b"", "text.jpg": b"no photo", "half.png": B[: len(B) // 2], "none.png": C}
    folder = write(tmp_path / "set", files)
    (folder / "folder.png").mkdir()
    os.mkfifo(folder / "pipe.png")
    names = ["a.png", "gone.png", "empty.png", "text.jpg", "half.png", "folder.png", "pipe.png"]
    rows = ["file,label,split", *(f"{name},cat,train" for name in names), "none.png,,train", ",cat,train"]
    (folder / "t.csv").write_text("\n".join(rows))
    reading = data.read(folder, "train")
    assert [example.file for example in reading.examples] == ["a.png"]
    assert [(fault.file, fault.reason) for fault in reading.faults] == [
        ("gone.png", "is not there"),
        ("empty.png", "is empty"),
        ("text.jpg", "is no photo that can be read"),
        ("half.png", "is damaged or incomplete"),
        ("folder.png", "is not a file"),
        ("pipe.png", "is not a file"),
        ("none.png", "has no label"),
        ("", "has no name in the table"),
    ]


def test_what_cannot_be_read_is_listed_once_where_the_content_decides(tmp_path):
    photos = {f"cat/{n}.png": encode(picture(n)) for n in range(40)}
    broken = {f"cat/broken{n}.png": f"broken {n}".encode() for n in range(20)}
    folder = write(tmp_path / "set", photos | broken)
    readings = [data.read(folder, split) for split in ("train", "val", "test")]
    assert sorted(fault.file for reading in readings for fault in reading.faults) == sorted(broken)
    assert sorted(example.file for reading in readings for example in reading.examples) == sorted(photos)


@pytest.mark.parametrize(
    ("files", "name", "message"),
    [
        ({}, "set/none", r"none is not there: a set is"),
        ({"x.txt": b"1"}, "set/x.txt", r"neither a folder nor a \.csv nor a \.tar"),
        ({"x.png": A}, "set", r"no photos in folders of classes, only: x\.png;"),
        ({"x.csv": b"name,class\n1,2\n"}, "set/x.csv", r"needs the columns file and label; it has name, class"),
        ({"x.csv": b"file,label\n\xff\xfe,1\n"}, "set/x.csv", r"x\.csv is no table that can be read"),
        ({"x.csv": b"file,label\na,b\n", "y.csv": b"file,label\na,b\n"}, "set", r"several tables.*x\.csv, .*y\.csv"),
        ({"train/cat/a.png": A, "val/cat/b.png": B}, "set", r"split 'trian'. There is: train \(1\), val \(1\)"),
        ({"cat/a.png": A}, "set", r"no photos of a split 'trian'. There is: \w+ \(1\)"),
        ({"set-train.csv": b"file,label\na,b\n", "set-train.tar": b""}, "set", r"no split 'trian'. Its splits: train"),
        ({"set-trian.csv": b"file,label\na.png,b\n", "set-trian.tar": B}, "set", r"set-trian\.tar is damaged"),
        ({"x.csv": b"file,label,split\na.png,b,trian\n"}, "set", r"None of the 1 .* can be read: a\.png is not there"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_set_is_said(tmp_path, files, name, message):
    write(tmp_path / "set", files).mkdir(exist_ok=True)
    with pytest.raises(ModelError, match=message):
        data.read(tmp_path / name, "trian")


def test_an_archive_that_was_not_loaded_to_its_end_is_said(tmp_path):
    whole = pack(tmp_path / "set.tar", {f"train/cat/{n}.png": encode(picture(n)) for n in range(9)}).read_bytes()
    (tmp_path / "set.tar").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=r"set\.tar is damaged or incomplete"):
        data.read(tmp_path / "set.tar", "train")


def test_a_split_that_no_photo_falls_into_is_said(tmp_path):
    folder = write(tmp_path / "set", {"cat/a.png": A})
    other = next(split for split in ("val", "test") if split != where(A))
    with pytest.raises(ModelError, match=rf"none of its 1 photos falls into '{other}': {where(A)} \(1\)"):
        data.read(folder, other)


def test_photos_of_folders_are_shrunk_and_packed_ones_are_not(tmp_path):
    large = encode(picture(7, 300, 500))
    (example,) = data.read(write(tmp_path / "set", {"train/cat/a.png": large}), "train", short_side=150).examples
    assert example.pixels.shape == (150, 250, 3)
    folder = write(tmp_path / "packed", {"packed-train.csv": b"file,label\na.png,cat\n"})
    pack(folder / "packed-train.tar", {"a.png": large})
    (example,) = data.read(folder, "train", short_side=150).examples
    assert example.pixels.shape == (300, 500, 3)
