"""The other graphs against the library models they come from, and the way weights are stored."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from diffusers import AutoencoderKL
from transformers import DynamicCache

from moodifier_train.export.decoder import PlannerDecoder, PlannerVision
from moodifier_train.export.encoders import ImageEncoder, TextEncoder
from moodifier_train.export.family import export_family
from moodifier_train.export.graphs import vae_graphs
from moodifier_train.export.onnx_graph import ExportError, Graph, compare, open_session, round_weights, write_graph
from moodifier_train.export.tiny import tiny_family
from moodifier_train.models.vae import PatchAutoencoder

torch.set_num_threads(1)
GOLDEN = Path(__file__).parents[2] / "tests" / "golden"


@pytest.fixture(scope="module")
def family():
    return tiny_family()


@torch.no_grad()
def test_text_encoder_equals_transformers(family):
    end = family.clip_tokens[1]
    ids = torch.randint(0, end, (2, 40))
    ids[0, 20:], ids[1, 33:] = end, end
    hidden, embeds = TextEncoder(family.clip.text_model, family.clip.text_projection, end)(ids)
    output = family.clip.text_model(input_ids=ids)
    assert (hidden - output.last_hidden_state).abs().max() < 1e-4
    wanted = torch.nn.functional.normalize(family.clip.text_projection(output.pooler_output), dim=-1)
    assert (embeds - wanted).abs().max() < 1e-5


@torch.no_grad()
def test_image_encoder_equals_transformers(family):
    side = family.clip.config.vision_config.image_size
    pixels = torch.randn(2, 3, side, side)
    embeds, patches = ImageEncoder(family.clip.vision_model, family.clip.visual_projection)(pixels)
    pooled = family.clip.vision_model(pixel_values=pixels).pooler_output
    wanted = torch.nn.functional.normalize(family.clip.visual_projection(pooled), dim=-1)
    assert (embeds - wanted).abs().max() < 1e-5
    assert torch.allclose(patches.norm(dim=-1), torch.ones(()), atol=1e-5)


@torch.no_grad()
def test_planner_with_cache_equals_transformers(family):
    planner, side = family.planner, family.planner.vision.config.image_size
    pixels, ids = torch.randn(1, 3, side, side), torch.randint(0, 300, (1, 9))
    tokens, distance = PlannerVision(planner)(pixels)
    assert distance.shape == (1,)
    assert (tokens - planner.image_tokens(pixels)).abs().max() < 1e-4
    wanted, decoder = planner(tokens, ids)[0], PlannerDecoder(planner)
    config = planner.decoder.config
    keys = values = torch.zeros(config.num_hidden_layers, config.num_attention_heads, 0, config.hidden_size // config.num_attention_heads)
    got, image = [], tokens
    for part in (ids[:, :4], ids[:, 4:5], ids[:, 5:]):
        logits, keys, values = decoder(image, part, keys, values)
        got.append(logits)
        image = tokens[:, :0]
    assert (torch.cat(got) - wanted).abs().max() < 1e-4
    cache = DynamicCache(config=config)
    states = torch.cat([tokens, planner.decoder.get_input_embeddings()(ids)], 1)
    planner.decoder(inputs_embeds=states, past_key_values=cache, use_cache=True)
    assert (keys[-1] - cache.layers[-1].keys[0]).abs().max() < 1e-4


def test_autoencoder_kl_exports_its_posterior_mean(tmp_path):
    torch.manual_seed(0)
    vae = AutoencoderKL(block_out_channels=(8, 8, 8, 8), down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4, norm_num_groups=4, layers_per_block=1)
    vae = round_weights(vae.eval().requires_grad_(False))
    for graph in vae_graphs(PatchAutoencoder(vae), 8, 64):
        entry, deviation = write_graph(graph, tmp_path / f"{graph.role}.onnx")
        assert deviation < 1e-4 and entry["storage"] == "float16"
    pixels = torch.randn(1, 3, 48, 64)
    (latent,) = open_session(tmp_path / "vae_encoder.onnx", 1).run(None, {"pixel_values": pixels.numpy()})
    with torch.no_grad():
        assert np.abs(latent - vae.encode(pixels).latent_dist.mean.numpy()).max() < 1e-4


class Doubled(torch.nn.Linear):
    def forward(self, x):
        return super().forward(x) * 2


def linear_graph(module):
    return Graph("linear", module, ["x"], ["y"], {"x": {0: "n"}, "y": {0: "n"}}, (torch.randn(2, 32),), [(torch.randn(5, 32),)])


def test_half_storage_loses_nothing_and_halves_the_file(tmp_path):
    graph = linear_graph(round_weights(Doubled(32, 64).requires_grad_(False)))
    write_graph(graph, tmp_path / "half.onnx")
    write_graph(graph, tmp_path / "full.onnx", half=False)
    x = {"x": np.random.default_rng(0).standard_normal((3, 32)).astype(np.float32)}
    half, full = (open_session(tmp_path / f"{kind}.onnx", 1).run(None, x)[0] for kind in ("half", "full"))
    assert np.array_equal(half, full)
    assert (tmp_path / "half.onnx").stat().st_size < 0.65 * (tmp_path / "full.onnx").stat().st_size
    kinds = {onnx.TensorProto.DataType.Name(t.data_type) for t in onnx.load(tmp_path / "half.onnx").graph.initializer if np.prod(t.dims) >= 64}
    assert kinds == {"FLOAT16"}


def test_weights_beyond_half_precision_stay_float32(tmp_path):
    write_graph(linear_graph(Doubled(32, 64).requires_grad_(False)), tmp_path / "g.onnx")
    assert all(t.data_type != onnx.TensorProto.FLOAT16 for t in onnx.load(tmp_path / "g.onnx").graph.initializer)


def test_a_wrong_graph_fails_loudly(tmp_path):
    module = Doubled(32, 64).requires_grad_(False)
    graph = linear_graph(module)
    write_graph(graph, tmp_path / "g.onnx")
    module.weight.add_(0.01)
    with pytest.raises(ExportError, match="linear.y: differs"):
        compare(graph, tmp_path / "g.onnx")


def test_the_tiny_family_still_has_the_committed_contract(family, tmp_path):
    """Everything of the manifest but the digests, which may differ in the last bit of a random weight between processors."""
    export_family(family, tmp_path)
    new, committed = (json.loads((folder / "manifest.json").read_text()) for folder in (tmp_path, GOLDEN / "tiny"))
    assert set(new.pop("files")) == set(committed.pop("files"))
    assert new == committed
    assert sum(p.stat().st_size for p in tmp_path.rglob("*") if p.is_file()) < 2_000_000
