"""Variants of an exported denoiser: float16 arithmetic for GPUs, int8 arithmetic (static QDQ) for CPUs with int8 dot products."""

import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, external_data_helper, helper, numpy_helper

# Sinusoidal time embedding and norms lose too much in float16.
FLOAT32_OPS = ["Sin", "Cos", "Exp", "Pow", "LayerNormalization", "InstanceNormalization", "ReduceMean", "Range", "Resize"]


def write_half_compute(folder, entry):
    """ROLE.fp16.onnx: the same weight file, float16 arithmetic, float32 inputs and outputs. Returns the variant's entry."""
    from onnxruntime.transformers.float16 import convert_float_to_float16

    model = onnx.load(Path(folder) / entry["file"], load_external_data=False)
    stored = set_weights_aside(model, folder)
    infer_types(model)
    halved = convert_float_to_float16(model, keep_io_types=True, disable_shape_infer=True, op_block_list=[*FLOAT32_OPS, "Cast"])
    inputs = [value for value in halved.graph.input if value.name not in stored]
    del halved.graph.input[:]
    halved.graph.input.extend(inputs)
    halved.graph.initializer.extend(stored.values())
    skip_double_casts(halved)
    name = entry["file"].replace(".onnx", ".fp16.onnx")
    onnx.save(halved, Path(folder) / name)
    return {"file": name, "data": entry["data"]}


def set_weights_aside(model, folder):
    """Makes inputs of the stored float16 weights, so that the converter leaves them where they are; other weights are small and read in."""
    graph, stored = model.graph, {}
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.FLOAT16:
            stored[tensor.name] = tensor
        elif external_data_helper.uses_external_data(tensor):
            external_data_helper.load_external_data_for_tensor(tensor, str(folder))
            del tensor.external_data[:]
            tensor.data_location = TensorProto.DEFAULT
    kept = [TensorProto.FromString(t.SerializeToString()) for t in graph.initializer if t.name not in stored]
    stored = {name: TensorProto.FromString(t.SerializeToString()) for name, t in stored.items()}
    del graph.initializer[:]
    graph.initializer.extend(kept)
    graph.input.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT16, list(t.dims)) for name, t in stored.items())
    return stored


def infer_types(model):
    """Notes the type of every value, which the converter goes by. The fused attention, unknown to ONNX, gives what its query is."""
    plain = onnx.ModelProto.FromString(model.SerializeToString())
    for node in plain.graph.node:
        if node.op_type == "MultiHeadAttention":
            node.op_type, node.domain = "Identity", ""
            del node.input[1:], node.attribute[:]
    del model.graph.value_info[:]
    model.graph.value_info.extend(onnx.shape_inference.infer_shapes(plain).graph.value_info)


def skip_double_casts(model):
    """float16 -> float32 -> float16 of a stored weight is the weight."""
    graph = model.graph
    halves = {t.name for t in graph.initializer if t.data_type == TensorProto.FLOAT16}
    widened = {n.output[0]: n.input[0] for n in graph.node if n.op_type == "Cast" and n.input[0] in halves}
    back = {n.output[0]: widened[n.input[0]] for n in graph.node if n.op_type == "Cast" and n.input[0] in widened and n.attribute[0].i == TensorProto.FLOAT16}
    for node in graph.node:
        node.input[:] = [back.get(name, name) for name in node.input]
    used = {name for node in graph.node for name in node.input} | {o.name for o in graph.output}
    kept = [n for n in graph.node if n.op_type != "Cast" or n.output[0] in used]
    del graph.node[:]
    graph.node.extend(kept)


def widen(path, out):
    """A copy of the graph with every stored float16 weight as a float32 initializer, which the quantizer needs."""
    model = onnx.load(path)
    graph, half = model.graph, {t.name: t for t in model.graph.initializer if t.data_type == TensorProto.FLOAT16}
    casts = {n.output[0]: n for n in graph.node if n.op_type == "Cast" and n.input[0] in half and n.attribute[0].i == TensorProto.FLOAT}
    kept = [t for t in graph.initializer if t.name not in half]
    for target, node in casts.items():
        kept.append(numpy_helper.from_array(numpy_helper.to_array(half[node.input[0]]).astype(np.float32), target))
    nodes = [n for n in graph.node if not n.output or n.output[0] not in casts]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    typed = onnx.load(path, load_external_data=False)
    infer_types(typed)
    graph.value_info.extend(typed.graph.value_info)
    onnx.save(model, out, save_as_external_data=True, location=f"{Path(out).name}.data", size_threshold=1024)


class Feeds:
    """A CalibrationDataReader over a list of feeds."""

    def __init__(self, feeds):
        self.feeds = iter(feeds)

    def get_next(self):
        return next(self.feeds, None)


def write_int8(folder, entry, feeds, tolerance=0.1):
    """ROLE.int8.onnx: convolutions, Gemm and MatMul with weights in int8, per channel, QDQ. Returns the variant's entry with its drift.

    The first and the last convolution stay float32, as do products of two activations (attention): they carry the most error for the
    least work.
    """
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    folder = Path(folder)
    name = entry["file"].replace(".onnx", ".int8.onnx")
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        wide = Path(scratch) / "wide.onnx"
        widen(folder / entry["file"], wide)
        name_nodes(wide)
        large = sum(f.stat().st_size for f in Path(scratch).iterdir()) > 1.5e9
        quantize_static(
            wide, folder / name, Feeds(feeds), quant_format=QuantFormat.QDQ, per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax, op_types_to_quantize=["Conv", "Gemm", "MatMul"], nodes_to_exclude=sensitive_nodes(wide), use_external_data_format=large,
            extra_options={"MatMulConstBOnly": True, "ActivationSymmetric": False},
        )  # fmt: skip
    return {"file": name, "data": [f"{name}.data"] if large else []}


def name_nodes(path):
    """The quantizer tells nodes apart by name, and exported graphs have none."""
    model = onnx.load(path, load_external_data=False)
    for i, node in enumerate(model.graph.node):
        node.name = f"{node.op_type}{i}"
    onnx.save(model, path)


def sensitive_nodes(path):
    nodes = onnx.load(path, load_external_data=False).graph.node
    convolutions = [n.name for n in nodes if n.op_type == "Conv"]
    return [convolutions[0], convolutions[-1]]


def drift(reference, variant, feeds):
    """Error of the variant's outputs relative to the spread of the reference's, worst over the feeds: {output: root mean square ratio}."""
    worst = {}
    for feed in feeds:
        for output, a, b in zip(["noise", "maps"], reference.run(["noise", "maps"], feed), variant.run(["noise", "maps"], feed)):
            worst[output] = max(worst.get(output, 0.0), float(np.sqrt(np.mean((a - b) ** 2)) / (a.std() + 1e-9)))
    return worst


def layer_drift(path, variant_path, feed, limit=None):
    """[(operator, name of the value, relative error)] of every Conv, Gemm and MatMul output that both graphs name alike, largest first.

    Both graphs get those values as further outputs; needs both in memory.
    """
    import onnxruntime

    graphs = []
    for source in (path, variant_path):
        model = onnx.load(source)
        graphs.append((model, {n.output[0]: n.op_type for n in model.graph.node if n.op_type in ("Conv", "Gemm", "MatMul")}))
    shared = [name for name in graphs[0][1] if name in graphs[1][1]][:limit]
    runs = []
    for model, _ in graphs:
        present = {o.name for o in model.graph.output}
        model.graph.output.extend([helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in shared if n not in present])
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        runs.append(session.run(shared, feed))
    rows = [(graphs[0][1][n], n, float(np.sqrt(np.mean((a - b) ** 2)) / (a.std() + 1e-9))) for n, a, b in zip(shared, *runs)]
    return sorted(rows, key=lambda row: -row[2])
