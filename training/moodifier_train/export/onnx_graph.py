"""One graph: torch module -> ONNX file with float16-stored weights, checked against the module in ONNX Runtime."""

from dataclasses import dataclass, field
from pathlib import Path
import io
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
SMALLEST_HALF = 64  # tensors with fewer values stay float32
DTYPES = {TensorProto.FLOAT: "float32", TensorProto.INT64: "int64", TensorProto.UINT8: "uint8"}


class ExportError(Exception):
    """A graph does not compute what its module computes."""


@dataclass
class Graph:
    """What to export. `dims` names the symbolic axes of inputs and outputs: {"sample": {0: "batch"}}; other axes are fixed.

    `example` and every entry of `checks` are argument tuples; the file must agree with the module on all of them.
    """

    role: str
    module: torch.nn.Module
    inputs: list
    outputs: list
    dims: dict
    example: tuple
    checks: list = field(default_factory=list)
    tolerance: float = 1e-4


def round_weights(module):
    """Round every parameter and float buffer to float16's grid, so that storing it as float16 loses nothing more."""
    with torch.no_grad():
        for tensor in [*module.parameters(), *module.buffers()]:
            if tensor.dtype == torch.float32 and tensor.numel() >= SMALLEST_HALF:
                tensor.copy_(tensor.half().float())
    return module


def write_graph(graph, path, half=True):
    """Export `graph` to `path`; returns its manifest entry and the largest deviation from the module."""
    model = trace_graph(graph)
    if half:
        store_half(model)
    name_dims(model, graph)
    onnx.checker.check_model(model)
    path = Path(path)
    onnx.save(model, path)
    deviation = compare(graph, path)
    entry = {"file": path.name, "inputs": describe(model.graph.input), "outputs": describe(model.graph.output), "storage": "float16" if half else "float32"}
    return entry, deviation


def trace_graph(graph):
    """The ONNX model of `graph.module` with float32 weights and short names: the same names for any weights."""
    graph.module.eval()
    buffer = io.BytesIO()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph.module, graph.example, buffer, input_names=graph.inputs, output_names=graph.outputs,
            dynamic_axes=graph.dims, opset_version=OPSET, dynamo=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    strip_names(model)
    return model


def strip_names(model):
    """Node and value names that carry the whole module path make small graphs big; short numbers do as well."""
    graph, kept, names = model.graph, set(), {}
    kept.update(value.name for value in [*graph.input, *graph.output])

    def short(name):
        if not name or name in kept:
            return name
        return names.setdefault(name, f"v{len(names)}")

    def rename(inner):
        for node in inner.node:
            node.name, node.doc_string = "", ""
            node.input[:] = [short(n) for n in node.input]
            node.output[:] = [short(n) for n in node.output]
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    rename(attribute.g)
        for item in inner.initializer:
            item.name = short(item.name)
        if inner is not graph:
            for value in [*inner.input, *inner.output]:
                value.name = short(value.name)
        del inner.value_info[:]

    rename(graph)


def store_half(model):
    """Store float32 initializers and Constant nodes that float16 holds exactly as float16 + Cast; ONNX Runtime folds the Cast at load."""
    graph, casts, kept = model.graph, [], []
    sources = {node.output[0]: node.attribute[0].t for node in graph.node if node.op_type == "Constant" and node.attribute[0].name == "value"}
    for name, tensor in [*((t.name, t) for t in graph.initializer), *sources.items()]:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < SMALLEST_HALF:
            continue
        value = numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):
            halved = value.astype(np.float16)
        if np.array_equal(halved.astype(np.float32), value):
            kept.append((name, numpy_helper.from_array(halved, f"{name}h")))
            casts.append(helper.make_node("Cast", [f"{name}h"], [name], to=TensorProto.FLOAT))
    gone = {name for name, _ in kept}
    initializers = [t for t in graph.initializer if t.name not in gone] + [t for _, t in kept]
    nodes = casts + [n for n in graph.node if not (n.op_type == "Constant" and n.output[0] in gone)]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(initializers)
    graph.node.extend(nodes)


def name_dims(model, graph):
    """Give inputs and outputs exactly the dims of the contract: a name where `graph.dims` has one, else the example's size."""
    with torch.no_grad():
        results = graph.module(*graph.example)
    results = (results,) if torch.is_tensor(results) else results
    for value, tensor in zip([*model.graph.input, *model.graph.output], [*graph.example, *results], strict=True):
        shape = value.type.tensor_type.shape
        del shape.dim[:]
        for axis, size in enumerate(tensor.shape):
            symbol = graph.dims.get(value.name, {}).get(axis)
            dim = shape.dim.add()
            if symbol:
                dim.dim_param = symbol
            else:
                dim.dim_value = size


def describe(values):
    kinds = {v.name: v.type.tensor_type for v in values}
    return {name: {"dtype": DTYPES[kind.elem_type], "dims": [d.dim_param or d.dim_value for d in kind.shape.dim]} for name, kind in kinds.items()}


def open_session(path, threads=2):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def compare(graph, path):
    """Largest absolute difference between ONNX Runtime and the module over all cases; ExportError beyond the tolerance."""
    session, worst = open_session(path), 0.0
    for case in [graph.example, *graph.checks]:
        with torch.no_grad():
            wanted = graph.module(*case)
        wanted = (wanted,) if torch.is_tensor(wanted) else wanted
        got = session.run(graph.outputs, {name: tensor.numpy() for name, tensor in zip(graph.inputs, case, strict=True)})
        for name, a, b in zip(graph.outputs, got, wanted, strict=True):
            if a.shape != tuple(b.shape):
                raise ExportError(f"{graph.role}.{name}: shape {a.shape}, expected {tuple(b.shape)}")
            error = float(np.abs(a - b.numpy()).max()) if a.size else 0.0
            if not error <= graph.tolerance * max(1.0, float(b.abs().max())):
                raise ExportError(f"{graph.role}.{name}: differs from the module by {error:.2e}, allowed {graph.tolerance:.0e}")
            worst = max(worst, error)
    return worst
