from __future__ import annotations

import hashlib

import cv2
import numpy as np
import pytest
from PIL import Image
from unit.models.pictures import encode, picture, write

from models import data, splits
from models.decoding import decode
from models.errors import ModelError


def expected_split(content: bytes) -> str:
    share = int(hashlib.sha256(content).hexdigest(), 16) / 2**256
    return "train" if share < 0.8 else "val" if share < 0.9 else "test"


def smaller(*contents: bytes) -> bytes:
    """The one with the smallest sha256."""
    return min(contents, key=lambda content: hashlib.sha256(content).digest())


def split_of_each(folder) -> dict[str, str]:
    found = {}
    for split in ("train", "val", "test"):
        try:
            examples = data.read(folder, split).examples
        except ModelError:  # none falls into this one
            continue
        assert not found.keys() & {example.file for example in examples}
        found |= dict.fromkeys((example.file for example in examples), split)
    return found


def look(content: bytes) -> splits.Fingerprint:
    return splits.fingerprint(content, decode(content, 64))


@pytest.fixture(scope="module")
def photos() -> dict[str, bytes]:
    return {f"{'cat' if n % 2 else 'dog'}/{n}.png": encode(picture(n)) for n in range(40)}


@pytest.fixture(scope="module")
def copies(photos) -> dict[str, bytes]:
    """Each photo again, compressed anew and, in turns, half or twice as large or brighter."""
    out = {}
    for n, (name, content) in enumerate(photos.items()):
        image = Image.fromarray(decode(content))
        if n % 3 == 0:
            image = image.resize((image.width // 2, image.height // 2))
        elif n % 3 == 1:
            image = image.resize((image.width * 2, image.height * 2))
        else:
            image = image.point(lambda value: min(255, int(value * 1.1 + 5)))
        out[name.replace(".png", "-copy.jpg")] = encode(image, "JPEG", quality=40)
    return out


def test_the_sha256_of_a_file_decides(tmp_path, photos):
    found = split_of_each(write(tmp_path / "set", photos))
    assert found == {name: expected_split(content) for name, content in photos.items()}
    assert set(found.values()) == {"train", "val", "test"}


def test_the_shares_are_eighty_ten_and_ten():
    names = [splits.by_digest(hashlib.sha256(str(n).encode()).hexdigest()) for n in range(20_000)]
    shares = [names.count(name) / len(names) for name in splits.NAMES]
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.01)  # four standard deviations
    edges = {"0": "train", "cccccccccccccccc": "train", "cccccccccccccccd": "val", "e666666666666667": "test"}
    assert {head: splits.by_digest(head.ljust(64, "0")) for head in edges} == edges


def test_photos_that_are_added_or_renamed_move_no_other(tmp_path, photos):
    before = split_of_each(write(tmp_path / "before", photos))
    more = {f"cow/{n}.png": encode(picture(1000 + n)) for n in range(30)}
    renamed = {f"all/{name.replace('/', '-')}": content for name, content in photos.items()}
    assert {name: split for name, split in split_of_each(write(tmp_path / "more", more | photos)).items()
            if name in photos} == before  # fmt: skip
    after = split_of_each(write(tmp_path / "renamed", renamed))
    assert after == {f"all/{name.replace('/', '-')}": split for name, split in before.items()}


def test_photos_that_were_changed_are_looked_at_again(tmp_path, photos):
    folder = write(tmp_path / "set", photos)
    split_of_each(folder)
    changed = {name: encode(picture(500 + n)) for n, name in enumerate(photos)}
    found = split_of_each(write(folder, changed))
    assert found == {name: expected_split(content) for name, content in changed.items()}


def test_copies_are_in_the_split_of_their_original(tmp_path, photos, copies):
    found = split_of_each(write(tmp_path / "set", photos | copies))
    assert len(found) == 80
    for name, copy in zip(photos, copies, strict=True):
        assert found[name] == found[copy], name
        assert found[name] == expected_split(smaller(photos[name], copies[copy]))
    alone = [expected_split(content) for content in copies.values()]
    assert alone != [found[name] for name in photos]  # on their own they would go elsewhere


def test_a_split_that_is_given_is_kept_and_copies_follow(tmp_path, photos, copies):
    rows = [f"{name},{name[:3]},{'test' if n < 30 else ''}" for n, name in enumerate(photos)]
    rows += [f"{name},{name[:3]}," for name in copies]
    folder = write(tmp_path / "set", photos | copies)
    (folder / "table.csv").write_text("\n".join(["file,label,split", *rows]))
    found = split_of_each(folder)
    for n, (name, copy) in enumerate(zip(photos, copies, strict=True)):
        assert found[name] == found[copy]
        assert found[name] == ("test" if n < 30 else expected_split(smaller(photos[name], copies[copy])))


def test_photos_that_differ_are_not_nearly_the_same(photos):
    assert sorted(splits.groups([look(content) for content in photos.values()])) == [[n] for n in range(40)]


def test_flat_photos_are_the_same_by_their_bytes_only():
    step = (np.arange(80) >= 40)[None, :, None]  # one grey level, as an encoder leaves it
    grounds = [np.full((60, 80, 3), value, np.uint8) for value in (0, 0, 90, 255)]
    grounds += [(value + step + np.zeros((60, 80, 3))).astype(np.uint8) for value in (90, 200)]
    found = splits.groups([look(encode(ground)) for ground in grounds])
    assert sorted(found) == [[0, 1], [2], [3], [4], [5]]


def test_neighbours_are_found_across_blocks():
    """600 random hashes, of which some are near others: against a comparison of every pair."""
    rng = np.random.default_rng(5)
    bits = [int(rng.integers(0, 2**63)) for _ in range(600)]
    for a, b, flips in ((0, 599, 0), (3, 255, 10), (10, 256, 11), (255, 256, 1), (300, 550, 7), (550, 20, 5)):
        bits[b] = bits[a] ^ sum(1 << int(bit) for bit in rng.choice(63, flips, replace=False))
    thumbnail = np.ones(256, np.float32) / 16
    prints = [splits.Fingerprint(f"{n:064x}", one, thumbnail) for n, one in enumerate(bits)]
    near = {(a, b) for a in range(600) for b in range(a) if (bits[a] ^ bits[b]).bit_count() <= splits.BITS}
    assert len(near) >= 4
    together = {index: n for n, group in enumerate(splits.groups(prints)) for index in group}
    assert all(together[a] == together[b] for a, b in near)
    assert len(set(together.values())) == 600 - len(near)  # none of these pairs close a circle


def test_like_hashes_with_other_looks_stay_apart():
    ramp = np.linspace(0, 255, 128)
    bent = 255 * (ramp / 255) ** 3
    prints = [look(encode(np.repeat(np.tile(row, (96, 1)).astype(np.uint8)[..., None], 3, 2))) for row in (ramp, bent)]
    assert [one.bits for one in prints] == [2**64 - 1] * 2  # both grow brighter from left to right everywhere
    assert len(splits.groups(prints)) == 2


def test_one_photo_under_two_labels_is_said(tmp_path, capsys):
    files = {f"cat/{n}.png": encode(picture(n)) for n in range(20)}
    files["dog/same.png"] = files["cat/3.png"]
    files["dog/copy.jpg"] = encode(picture(4), "JPEG", quality=50)
    files["cat/again.png"] = files["cat/5.png"]  # twice, but under one label
    folder = write(tmp_path / "set", files)
    found = [
        group for split in set(split_of_each(folder).values()) for group in data.read(folder, split).contradictions
    ]
    assert sorted(found) == [
        (("cat/3.png", "cat"), ("dog/same.png", "dog")),
        (("cat/4.png", "cat"), ("dog/copy.jpg", "dog")),
    ]
    data.read_set(folder, split_of_each(folder)["dog/same.png"])
    assert "cat/3.png (cat), dog/same.png (dog)" in capsys.readouterr().out


def test_a_hash_is_the_papers():
    """Brighter to the right is a 1, row by row, the first bit the highest."""
    small = np.random.default_rng(2).integers(0, 256, (8, 9)).astype(np.uint8)
    grey = cv2.resize(small, (90, 80), interpolation=cv2.INTER_NEAREST)
    expected = "".join("1" if small[y, x + 1] > small[y, x] else "0" for y in range(8) for x in range(8))
    found = splits.fingerprint(b"", np.repeat(grey[..., None], 3, 2))
    assert f"{found.bits:064b}" == expected


def test_photos_that_stand_on_both_sides_are_found(photos, copies):
    """Copies of the third and the fifth, compressed anew and resized, and the tenth itself, among others."""
    names = list(photos)
    some = [decode(photos[name]) for name in names[:20]]
    again = [decode(copies[names[n].replace(".png", "-copy.jpg")]) for n in (3, 5)]
    others = [decode(photos[names[30]]), *again, decode(photos[names[31]]), some[10]]
    assert splits.across(some, others) == [(3, 1), (5, 2), (10, 4)]
    chain = [decode(copies[names[3].replace(".png", "-copy.jpg")])]
    assert splits.across(some[:1], [*chain, *chain]) == [], "like each other, not like those that are learnt from"
    assert splits.across(some, others[:1]) == splits.across([], others) == splits.across(some, []) == []


def test_a_split_is_summed_up_on_one_line():
    labels = ["cat"] * 3 + ["dog"]
    assert splits.census("val", labels, ("cat", "dog")) == "val: 4 photos (cat 3, dog 1)"
    assert splits.census("val", labels, ("car", "cat", "dog")) == (
        "val: 4 photos (car 0, cat 3, dog 1); without any of car, nothing will be known of these"
    )
    many = [str(n) for n in range(20)]
    assert splits.census("train", [*many, "7"], many) == "train: 21 photos (20 classes, 1 to 2 of each)"
    assert splits.census("val", ["7"], many) == (
        "val: 1 photos (20 classes, 0 to 1 of each); without any of 0, 1, 2, 3, 4, 5, 6, 8 and 11 more, nothing will "
        "be known of these"
    )
