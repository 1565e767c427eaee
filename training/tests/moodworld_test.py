import json
import shutil

import numpy as np
import pytest

from moodifier_train.data.moodworld import DataError, MoodWorld, short_text


def test_reads_pairs_splits_and_shapes(faces):
    world = MoodWorld(faces)
    assert world.images.shape == (12, 64, 64, 3) and world.parts.shape == (12, 64, 64)
    assert (world.pair[world.pair] == np.arange(12)).all()
    assert sorted([*world.train, *world.val]) == list(range(12)) and len(world.val) == 4
    assert short_text(world.records[0]) == f"{world.records[0]['summary']} {world.records[0]['overall']}"


def test_downsampled_pictures_are_block_means_and_come_from_the_cache_again(faces, tmp_path):
    world = MoodWorld(faces, tmp_path)
    small = world.pictures(32)
    mean = world.images.reshape(12, 32, 2, 32, 2, 3).mean(axis=(2, 4))
    assert np.abs(small - mean).max() <= 0.5
    assert (MoodWorld(faces, tmp_path).pictures(32) == small).all() and len(list(tmp_path.glob("images32-*.npy"))) == 1


def test_sizes_that_divide_no_more_are_resampled(faces, tmp_path):
    odd = MoodWorld(faces, tmp_path).pictures(48)
    assert odd.shape == (12, 48, 48, 3)
    assert np.abs(odd[:, ::3, ::3].astype(float) - MoodWorld(faces, tmp_path).images[:, ::4, ::4]).mean() < 12


def test_small_parts_win_when_part_maps_shrink(faces, tmp_path):
    world = MoodWorld(faces, tmp_path)
    for part in (1, 2, 3):
        cells = (np.asarray(world.parts) == part).reshape(12, 8, 8, 8, 8).any(axis=(2, 4))
        above = np.isin(world.part_maps(8), range(1, part + 1))
        assert (above | ~cells).all()


def test_refuses_a_folder_that_is_no_data_set(tmp_path):
    with pytest.raises(DataError, match="dataset.json"):
        MoodWorld(tmp_path)


def test_refuses_a_truncated_array_and_another_version(faces, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(faces, broken)
    (broken / "parts.u8").write_bytes(b"\0" * 10)
    with pytest.raises(DataError, match="expected 49152 bytes, got 10"):
        MoodWorld(broken)
    info = json.loads((broken / "dataset.json").read_text())
    (broken / "dataset.json").write_text(json.dumps({**info, "version": 2}))
    with pytest.raises(DataError, match="version 1, got moodworld-raw 2"):
        MoodWorld(broken)
