"""The importer on folders laid out as the real ones, thin and random: what is written, what is refused."""

import json
import shutil

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import load_file, save_file

from import_family import main
from moodifier_train.export.onnx_graph import open_session
from moodifier_train.importing import layout
from moodifier_train.importing.precision import drift
from moodifier_train.importing.refusal import ImportRefused
from moodifier_train.importing.licence import read_licence
from moodifier_train.importing.sources import check_unet, read_clip, read_diffusion, read_schedule
from original_layout import write_original

torch.set_num_threads(1)
layout.SIZES["thin"] = {"blocks": (8, 16, 16, 16), "vae": (8, 8, 8, 8), "text": 16, "layers": 1, "heads": 2, "vision": (16, 1, 2, 28, 14), "norm": 4, "side": 16}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("sources")
    return layout.write_diffusers(root / "lcm", "thin"), layout.write_clip(root / "clip", "thin", 248, licence="mit")


@pytest.fixture(scope="module")
def family(folders, tmp_path_factory):
    out = tmp_path_factory.mktemp("models") / "thin"
    source, clip = folders
    assert main(["--from", str(source), "--clip", str(clip), "--out", str(out), "--precision", "fp16"]) == 0
    return out


def test_the_manifest_says_what_the_folders_said(family):
    manifest = json.loads((family / "manifest.json").read_text())
    assert (manifest["id"], manifest["family"], manifest["licence"]) == ("thin", "sd15", "creativeml-openrail-m AND mit")
    assert manifest["noiseSchedule"] == {"kind": "scaled_linear", "betaStart": 0.00085, "betaEnd": 0.012, "trainTimesteps": 1000, "prediction": "epsilon", "originalSteps": 50}
    assert manifest["text"] | {"logitScale": 0} == {"width": 16, "embeddingWidth": 16, "maxLength": 248, "lengthMultiple": 248, "logitScale": 0}
    assert manifest["denoiser"]["layers"] == 16 and manifest["defaults"]["steps"] == 12
    assert "denoiser.onnx.data" in manifest["files"] and manifest["graphs"]["denoiser"]["variants"]["fp16"]["data"] == ["denoiser.onnx.data"]
    assert max(value for value in manifest["provenance"]["deviations"].values()) < 1e-4


def test_the_half_variant_computes_nearly_the_same_from_the_same_weights(family):
    manifest = json.loads((family / "manifest.json").read_text())
    found = manifest["provenance"]["drift"]["fp16"]
    assert 0 < found["noise"] < 0.02
    assert (family / "denoiser.fp16.onnx").stat().st_size < 1_000_000


def test_the_exported_denoiser_is_the_folders_unet(family, folders):
    unet = UNet2DConditionModel.from_pretrained(folders[0] / "unet").eval()
    session = open_session(family / "denoiser.onnx", threads=1)
    sample, text = torch.randn(1, 4, 16, 16), torch.randn(1, 248, 16)
    from moodifier_train.export.attention import Controls

    controls = dict(zip(Controls.names(), (v.numpy() for v in Controls.identity(16, 1, 248, 16, 16).values())))
    (got,) = session.run(["noise"], {"sample": sample.numpy(), "timestep": np.array([499]), "text": text.numpy(), **controls})
    with torch.no_grad():
        wanted = unet(sample, 499, text).sample
    # Weights are stored in float16, the folder's are float32.
    assert (torch.from_numpy(got) - wanted).abs().max() < 5e-3 * wanted.abs().max()


def test_drift_of_a_graph_against_itself_is_zero(family):
    session = open_session(family / "denoiser.onnx", threads=1)
    sample = {"sample": np.ones((1, 4, 8, 8), np.float32), "timestep": np.array([9]), "text": np.ones((1, 16, 16), np.float32)}
    from moodifier_train.export.attention import Controls

    controls = dict(zip(Controls.names(), (v.numpy() for v in Controls.identity(16, 1, 16, 8, 8).values())))
    assert drift(session, session, [sample | controls]) == {"noise": 0.0, "maps": 0.0}


@pytest.mark.parametrize("change, message", [
    ({"in_channels": 9}, "inpainting"), ({"addition_embed_type": "text_time"}, "SDXL"), ({"class_embed_type": "timestep"}, "class_embed_type"),
])  # fmt: skip
def test_other_shapes_are_refused(change, message):
    config = UNet2DConditionModel(**layout.unet_config("thin")).config
    with pytest.raises(ImportRefused, match=message):
        check_unet(type("Config", (), dict(config) | change))


def test_a_clip_of_another_width_is_refused_before_anything_is_written(folders, tmp_path, capsys):
    layout.SIZES["wide"] = layout.SIZES["thin"] | {"text": 32}
    clip = layout.write_clip(tmp_path / "clip", "wide")
    assert main(["--from", str(folders[0]), "--clip", str(clip), "--out", str(tmp_path / "out")]) == 2
    assert "expected 16, got 32" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_sources_that_are_none(tmp_path):
    for read, message in ((read_diffusion, "model_index.json"), (read_clip, "config.json")):
        with pytest.raises(ImportRefused, match=message):
            read(tmp_path)


def test_licences(tmp_path):
    with pytest.raises(ImportRefused, match="--licence, got none"):
        read_licence(tmp_path)
    (tmp_path / "README.md").write_text("---\ntags: [a]\nlicense: cc-by-nc-4.0\n---\n")
    with pytest.raises(ImportRefused, match="forbids commercial use"):
        read_licence(tmp_path)
    with pytest.raises(ImportRefused, match="not known here"):
        read_licence(tmp_path, "weird-1.0")
    assert read_licence(tmp_path, accepted=True) == "cc-by-nc-4.0"
    assert read_licence(tmp_path, "MIT") == "mit"


def test_schedulers(tmp_path):
    assert read_schedule(layout.BETAS)["originalSteps"] == 50
    with pytest.raises(ImportRefused, match="squaredcos"):
        read_schedule(layout.BETAS | {"beta_schedule": "squaredcos_cap_v2"})


def test_a_sam_segmenter_reads_the_drawn_box(tmp_path):
    from transformers import SamConfig, SamMaskDecoderConfig, SamModel, SamPromptEncoderConfig, SamVisionConfig
    from moodifier_train.importing.sam import SamSegmenter

    vision = SamVisionConfig(hidden_size=16, output_channels=16, num_hidden_layers=1, num_attention_heads=2, image_size=64, patch_size=16, window_size=2, global_attn_indexes=[0], mlp_dim=32, num_pos_feats=8)
    prompt = SamPromptEncoderConfig(hidden_size=16, image_size=64, patch_size=16, mask_input_channels=4)
    decoder = SamMaskDecoderConfig(hidden_size=16, mlp_dim=32, num_attention_heads=2, num_hidden_layers=1, iou_head_hidden_dim=16)
    sam = SamModel(SamConfig(vision_config=vision.to_dict(), prompt_encoder_config=prompt.to_dict(), mask_decoder_config=decoder.to_dict())).eval()
    segmenter = SamSegmenter(sam)
    drawn = torch.zeros(1, 2, 64, 64)
    drawn[:, 0, 10:30, 20:50] = 1
    assert segmenter.read_box(drawn).tolist() == [20, 10, 50, 30]
    from moodifier_train.export.graphs import segmenter_graph
    from moodifier_train.export.onnx_graph import write_graph

    with torch.no_grad():
        _, deviation = write_graph(segmenter_graph(segmenter, 64), tmp_path / "segmenter.onnx", half=False)
    assert deviation < 1e-3


@pytest.fixture(scope="module")
def checkpoint(folders, tmp_path_factory):
    path = tmp_path_factory.mktemp("single") / "model.safetensors"
    write_original(StableDiffusionPipeline.from_pretrained(folders[0], safety_checker=None), path)
    return path


def test_a_single_file_gives_the_folders_models(checkpoint, folders, monkeypatch):
    monkeypatch.setitem(layout.SIZES, "full", layout.SIZES["thin"])
    single, folder = read_diffusion(checkpoint), read_diffusion(folders[0])
    assert single.guided and single.schedule == folder.schedule
    for part in ("unet", "vae", "text"):
        wanted, got = (getattr(source, part).state_dict() for source in (folder, single))
        # The guidance embedding has no place in diffusers' reading of single files; zeros and none are the same.
        assert wanted.keys() - got.keys() <= {"time_embedding.cond_proj.weight"}
        assert all(torch.equal(wanted[name], value) for name, value in got.items()), part


def test_a_single_file_is_imported_like_a_folder(checkpoint, folders, family, tmp_path, monkeypatch):
    monkeypatch.setitem(layout.SIZES, "full", layout.SIZES["thin"])
    shutil.copyfile(folders[0] / "README.md", checkpoint.parent / "README.md")
    assert main(["--from", str(checkpoint), "--clip", str(folders[1]), "--out", str(tmp_path / "thin"), "--precision", "fp32", "--skip-check"]) == 0
    manifests = [json.loads((place / "manifest.json").read_text()) for place in (tmp_path / "thin", family)]
    assert manifests[0]["licence"] == manifests[1]["licence"]
    for key in ("noiseSchedule", "denoiser", "defaults", "text", "latent"):
        assert manifests[0][key] == manifests[1][key]


@pytest.mark.parametrize("change, message", [
    (lambda state: {f"conditioner.{name}": value for name, value in state.items()}, "Stable Diffusion 1.x"),
    (lambda state: state | {"model.diffusion_model.input_blocks.0.0.weight": torch.zeros(8, 9, 3, 3)}, "9 is inpainting"),
])  # fmt: skip
def test_single_files_of_other_models_are_refused(change, message, checkpoint, tmp_path):
    save_file(change(load_file(checkpoint)), tmp_path / "other.safetensors")
    with pytest.raises(ImportRefused, match=message):
        read_diffusion(tmp_path / "other.safetensors")


def test_single_files_are_recognised(tmp_path):
    shutil.copyfile(__file__, tmp_path / "model.txt")
    with pytest.raises(ImportRefused, match="safetensors"):
        read_diffusion(tmp_path / "model.txt")
