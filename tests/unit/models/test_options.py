from __future__ import annotations

import argparse
import dataclasses
import re
import shlex

import pytest

from models import backbones, heads, options
from models.architecture import Architecture
from models.recipe import RECIPES, Recipe

TYPED = [
    "--rate",
    "0.01",
    "--freeze",
    "conv1",
    "block_1_*",
    "--view",
    "0.5",
    "1",
    "--balance",
    "--cut",
    "conv3",
    "--epochs",
    "2",
]


@pytest.fixture
def parser():
    parser = argparse.ArgumentParser()
    options.add(parser)
    return parser


def test_what_is_typed_replaces_the_recipe_s_fields(parser):
    changed = options.changed(RECIPES["pets"], options.chosen(parser.parse_args(TYPED)))
    network = dataclasses.replace(RECIPES["pets"].network, cut="conv3")
    assert changed == dataclasses.replace(
        RECIPES["pets"],
        rate=0.01,
        freeze=("conv1", "block_1_*"),
        view=(0.5, 1.0),
        balance=True,
        epochs=2,
        network=network,
    )


def test_what_is_written_down_is_read_again(parser):
    chosen = options.chosen(
        parser.parse_args([*TYPED, "--title", "My cars", "--no-balance", "--weights", "", "--rand-augment", "0"])
    )
    assert options.chosen(parser.parse_args(shlex.split(options.written(chosen)))) == chosen


def test_nothing_typed_changes_nothing(parser):
    assert options.chosen(parser.parse_args([])) == {}
    assert options.written({}) == ""


@pytest.mark.parametrize("kind", [Recipe, Architecture])
def test_every_field_is_described(kind):
    texts = options.described(kind)
    assert list(texts) == [field.name for field in dataclasses.fields(kind)]
    assert all(len(text) > 5 for text in texts.values())


def test_a_value_of_the_wrong_kind_is_refused(parser, capsys):
    with pytest.raises(SystemExit):
        parser.parse_args(["--epochs", "many"])
    assert "--epochs: invalid int value: 'many'" in capsys.readouterr().err


def test_the_help_names_every_network_and_head(parser):
    said = set(re.findall(r"[\w-]+", parser.format_help()))
    assert [name for name in (*backbones.BACKBONES, *heads.HEADS) if name not in said] == []
