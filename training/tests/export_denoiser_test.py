"""The controlled denoiser against eager references that materialise every map, in PyTorch and in ONNX Runtime."""

import copy

import pytest
import torch
from diffusers import UNet2DConditionModel

from moodifier_train.export.align import align_tokens
from moodifier_train.export.attention import Controls
from moodifier_train.export.denoiser import ControlledUNet, feature_block
from moodifier_train.export.graphs import denoiser_graph
from moodifier_train.export.onnx_graph import open_session, round_weights, write_graph
from moodifier_train.export.reference_attention import PlainController, ReferenceProcessor, UnifiedController, attention_maps
from moodifier_train.export.tiny import spread

WIDTH, SIDE = 16, 8
torch.set_num_threads(1)


def make_unet(side=SIDE):
    """Three resolutions, cross-attention in all of them, two layers a block: an SD-shaped UNet."""
    torch.manual_seed(3)
    unet = UNet2DConditionModel(
        sample_size=side, in_channels=4, out_channels=4, block_out_channels=(8, 16, 24), layers_per_block=2, norm_num_groups=4,
        down_block_types=("CrossAttnDownBlock2D",) * 3, up_block_types=("CrossAttnUpBlock2D",) * 3, cross_attention_dim=WIDTH, attention_head_dim=2,
    )  # fmt: skip
    return round_weights(spread(unet, 2.5, "attn").eval().requires_grad_(False))


class Bench:
    """One UNet, its controlled copy and the ONNX session of that copy."""

    def __init__(self, folder):
        self.plain, unet = make_unet(), make_unet()
        graph = denoiser_graph(unet, SIDE, 248)
        self.controlled, self.names = graph.module, graph.inputs
        write_graph(graph, folder / "denoiser.onnx")
        self.session = open_session(folder / "denoiser.onnx", threads=1)

    def inputs(self, rows, length, seed=0, side=(SIDE, SIDE)):
        draw = torch.Generator().manual_seed(seed)
        sample, text = torch.randn(rows, 4, *side, generator=draw), torch.randn(rows, length, WIDTH, generator=draw)
        return sample, torch.randint(0, 1000, (rows,), generator=draw), text

    def identity(self, rows, length, side=(SIDE, SIDE)):
        return Controls.identity(self.controlled.layers, rows, length, *side)

    def both(self, inputs, controls):
        """noise and maps of eager and of ONNX Runtime."""
        values = [*inputs, *controls.values()]
        eager = self.controlled(*values)
        served = self.session.run(["noise", "maps"], {n: v.numpy() for n, v in zip(self.names, values, strict=True)})
        return eager, [torch.from_numpy(v) for v in served]

    def reference(self, inputs, controller):
        unet = copy.deepcopy(self.plain)
        unet.set_attn_processor(ReferenceProcessor(controller))
        return unet(*inputs).sample

    def agree(self, inputs, controls, controller):
        """Both runs equal the reference within 1e-4, and the control does something."""
        wanted = self.reference(inputs, controller)
        for noise, _ in self.both(inputs, controls):
            assert (noise - wanted).abs().max() < 1e-4
        assert (wanted - self.plain(*inputs).sample).abs().max() > 1e-3


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("denoiser"))


LENGTHS = pytest.mark.parametrize("length", [77, 248])


@LENGTHS
@pytest.mark.parametrize("side", [(8, 8), (8, 12), (7, 10)])
def test_identity_controls_equal_the_plain_unet(bench, length, side):
    inputs = bench.inputs(3, length, side=side)
    wanted = bench.plain(*inputs).sample
    for noise, maps in bench.both(inputs, bench.identity(3, length, side)):
        assert (noise - wanted).abs().max() < 1e-4
        assert maps.shape == (3, -(-side[0] // 4) * -(-side[1] // 4), length)
        assert torch.allclose(maps.sum(-1), torch.ones(()), atol=1e-4)


class Recorder(PlainController):
    def __init__(self):
        self.maps = []

    def cross_attention(self, q, k, v):
        self.maps.append(torch.stack([attention_maps(a, b).mean(0) for a, b in zip(q, k)]))
        return super().cross_attention(q, k, v)


def test_maps_are_the_mean_of_heads_and_lowest_cross_layers(bench):
    inputs, recorder = bench.inputs(2, 77), Recorder()
    bench.reference(inputs, recorder)
    lowest = [m for m in recorder.maps if m.shape[1] == (SIDE // 4) ** 2]
    assert len(lowest) == 2 + 1 + 3
    for _, maps in bench.both(inputs, bench.identity(2, 77)):
        assert (maps - torch.stack(lowest).mean(0)).abs().max() < 1e-5


class CrossEdit(PlainController):
    """Rows [source, target]: `change(source maps, target maps)` gives the target's."""

    def __init__(self, change):
        self.change = change

    def cross_attention(self, q, k, v):
        source, target = (attention_maps(a, b) for a, b in zip(q, k))
        return [source @ v[0], self.change(source, target) @ v[1]]


def cross_controls(bench, length, mapping=None, keep=None, gate=1.0):
    controls = bench.identity(2, length)
    controls.cross_source, controls.cross_gate = torch.tensor([0, 0]), torch.tensor([0.0, gate])
    if mapping is not None:
        controls.cross_map[1] = mapping
    if keep is not None:
        controls.cross_keep[1] = keep
    return controls


@LENGTHS
@pytest.mark.parametrize("gate", [1.0, 0.4])
def test_replace(bench, length, gate):
    """Token 4 becomes two tokens' worth of pieces: source tokens 4, 5 spread over target 4, 5, 6 (prompt-to-prompt's replacement mapper)."""
    mapping = torch.eye(length)
    mapping[4:6, 4:7] = 1 / 3
    mapping[6, 6] = 0

    def replaced(source, target):
        out = source.clone()
        for j in (4, 5, 6):
            out[:, :, j] = (source[:, :, 4] + source[:, :, 5]) / 3
        return gate * out + (1 - gate) * target

    bench.agree(bench.inputs(2, length), cross_controls(bench, length, mapping, gate=gate), CrossEdit(replaced))


@LENGTHS
def test_refine(bench, length):
    source, target = list(range(30)), [*range(9), 100, 101, *range(11, 30)]
    mapper, alpha = align_tokens(source, target, length)
    mapping, keep = torch.zeros(length, length), torch.from_numpy(1 - alpha).float()
    for j, i in enumerate(mapper):
        if i >= 0:
            mapping[i, j] = 1

    def refined(source, target):
        out = torch.empty_like(target)
        for j, i in enumerate(mapper):
            out[:, :, j] = source[:, :, i] if i >= 0 else target[:, :, j]
        return out

    bench.agree(bench.inputs(2, length), cross_controls(bench, length, mapping, keep), CrossEdit(refined))


@LENGTHS
def test_reweight(bench, length):
    weights = torch.ones(length)
    weights[3], weights[7:9] = 2.5, -0.5
    bench.agree(bench.inputs(2, length), cross_controls(bench, length, torch.diag(weights)), CrossEdit(lambda source, _: source * weights))


@LENGTHS
def test_region_keeps_the_own_map_inside(bench, length):
    controls = cross_controls(bench, length)
    mask = torch.zeros(1, 1, SIDE, SIDE)
    mask[:, :, 3:6, 1:6] = 1
    controls.region[1] = mask[0]

    def split(source, target):
        step = SIDE // int(source.shape[1] ** 0.5)
        out = torch.empty_like(source)
        for pixel in range(source.shape[1]):
            y, x = divmod(pixel, SIDE // step)
            inside = mask[0, 0, y * step : (y + 1) * step, x * step : (x + 1) * step].mean()
            out[:, pixel] = inside * target[:, pixel] + (1 - inside) * source[:, pixel]
        return out

    bench.agree(bench.inputs(2, length), controls, CrossEdit(split))


class SelfEdit(PlainController):
    """Rows [source, target] from transformer layer `first` on: `change(layer, q, k, v)` gives the target's output."""

    def __init__(self, change, first=0):
        self.change, self.first, self.layer = change, first, -1

    def self_attention(self, q, k, v):
        self.layer += 1
        source, target = super().self_attention(q, k, v)
        return [source, self.change(q, k, v) if self.layer >= self.first else target]


@LENGTHS
def test_self_attention_replace(bench, length):
    controls = bench.identity(2, length)
    controls.self_q, controls.self_k = torch.zeros_like(controls.self_q), torch.zeros_like(controls.self_k)
    bench.agree(bench.inputs(2, length), controls, SelfEdit(lambda q, k, v: attention_maps(q[0], k[0]) @ v[1]))


@LENGTHS
def test_mutual_self_attention_from_a_layer_on(bench, length):
    """MasaCtrl: the target's queries over the source's keys and values, in the later layers only."""
    controls, first = bench.identity(2, length), 6
    controls.self_k, controls.self_v = controls.self_k.clone(), controls.self_v.clone()
    controls.self_k[first:], controls.self_v[first:] = 0, 0
    bench.agree(bench.inputs(2, length), controls, SelfEdit(lambda q, k, v: attention_maps(q[1], k[0]) @ v[0], first))


@LENGTHS
@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("refine", [True, False])
def test_unified_control_of_six_rows(bench, length, early, refine):
    source, target = list(range(40)), [*range(20), 90, *range(24, 40)]
    mapper, alpha = align_tokens(source, target, length)
    mask = torch.rand(1, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    controller = UnifiedController(mapper, alpha, mask)
    controller.refine, controller.replace_self = refine, early
    controls = bench.identity(6, length)
    layers = controls.self_q.shape[0]
    every = lambda rows: torch.tensor(rows).expand(layers, 6).contiguous()
    controls.self_q, controls.self_k, controls.self_v = (every([0, 0, 0, 3, 3, 3]), every([0, 0, 0, 3, 3, 3]), every([0, 1, 0, 3, 4, 3])) if early else (every([0, 1, 1, 3, 4, 4]), every([0, 1, 0, 3, 4, 3]), every([0, 1, 0, 3, 4, 3]))
    controls.cross_source = torch.tensor([0, 1, 2, 3, 3, 5])
    controls.cross_map[4] = 0
    controls.cross_map[4][mapper[mapper >= 0], torch.arange(length)[torch.from_numpy(mapper >= 0)]] = 1
    controls.cross_keep[4], controls.region[4] = torch.from_numpy(1 - alpha).float(), mask[0]
    controls.cross_gate[4] = float(refine)
    bench.agree(bench.inputs(6, length), controls, controller)


def test_feature_injection_replaces_the_named_residual(bench):
    """Plug-and-Play: the target's hidden state after conv2 is the source's, its own skip sum stays."""
    assert feature_block(bench.plain) == "up_blocks.0.resnets.1"
    inputs, controls, seen = bench.inputs(2, 77), bench.identity(2, 77), []
    controls.feature_source = torch.tensor([0, 0])
    unet = copy.deepcopy(bench.plain)
    block = unet.get_submodule(feature_block(unet))
    original = block.forward

    def forward(hidden, temb=None, *args, **kwargs):
        out = original(hidden, temb)
        shortcut = block.conv_shortcut(hidden) if block.conv_shortcut is not None else hidden
        residual = out * block.output_scale_factor - shortcut
        seen.append(residual)
        return torch.cat([out[:1], (shortcut[1:] + residual[:1]) / block.output_scale_factor])

    block.forward = forward
    wanted = unet(*inputs).sample
    assert len(seen) == 1
    for noise, _ in bench.both(inputs, controls):
        assert (noise - wanted).abs().max() < 1e-4
    assert (wanted - bench.plain(*inputs).sample).abs().max() > 1e-3


def test_stable_diffusion_names():
    """On SD's own block layout the feature block and the layer count are those of the papers."""
    unet = UNet2DConditionModel(block_out_channels=(8, 8, 8, 8), norm_num_groups=4, cross_attention_dim=8, attention_head_dim=2)
    module = ControlledUNet(unet)
    assert (module.feature_name, module.layers, module.head_counts, module.lowest) == ("up_blocks.1.resnets.1", 16, [2] * 16, 3)
