"""Export of graphs whose weights do not fit one protobuf message (2 GiB) or should not be in memory twice: the weights lie beside the graph.

The graph is traced without weights and gets them back as external data, tensor by tensor: ROLE.onnx and ROLE.onnx.data.
"""

import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from .onnx_graph import OPSET, SMALLEST_HALF, compare, describe, name_dims, strip_names

ALIGNMENT = 4096  # so that ONNX Runtime can map the file into memory
DTYPES = {torch.float32: TensorProto.FLOAT, torch.float16: TensorProto.FLOAT16, torch.int64: TensorProto.INT64, torch.bool: TensorProto.BOOL}


class WeightFile:
    """Appends tensors to one external-data file; `tensor` gives the TensorProto that refers to what was written."""

    def __init__(self, path):
        self.path, self.stream = Path(path), open(path, "wb")

    def tensor(self, name, value, dtype):
        start = -(-self.stream.tell() // ALIGNMENT) * ALIGNMENT
        self.stream.seek(start)
        self.stream.write(memoryview(value.contiguous().numpy()).cast("B"))
        proto = TensorProto(name=name, data_type=dtype, dims=list(value.shape), data_location=TensorProto.EXTERNAL)
        for key, text in (("location", self.path.name), ("offset", start), ("length", value.numel() * value.element_size())):
            proto.external_data.add(key=key, value=str(text))
        return proto

    def close(self):
        self.stream.close()


def write_large_graph(graph, path, half=True, check=True):
    """Like `write_graph`, with the weights in PATH.data. Returns the manifest entry and the largest deviation (None unchecked)."""
    path = Path(path)
    graph.module.eval()
    model = trace_skeleton(graph, path)
    attach_weights(model, graph.module, path, half)
    strip_names(model)
    name_dims(model, graph)
    onnx.save(model, path)
    entry = {"file": path.name, "data": [f"{path.name}.data"], "inputs": describe(model.graph.input), "outputs": describe(model.graph.output), "storage": "float16" if half else "float32"}
    return entry, compare(graph, path) if check else None


def trace_skeleton(graph, path):
    """The graph with its weights as further inputs, named as in the module's state."""
    skeleton = path.with_suffix(".skeleton")
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph.module, graph.example, skeleton, input_names=graph.inputs, output_names=graph.outputs, dynamic_axes=graph.dims,
            opset_version=OPSET, dynamo=False, export_params=False, do_constant_folding=False, custom_opsets={"com.microsoft": 1} if getattr(graph.module, "fused", False) else None,
        )  # fmt: skip
    model = onnx.load(skeleton)
    skeleton.unlink()
    return model


def attach_weights(model, module, path, half):
    """Turns the weight inputs into external initializers; transposed weights are stored transposed; float16 ones get a Cast."""
    graph, state = model.graph, {**dict(module.named_parameters()), **dict(module.named_buffers())}
    weights = {value.name for value in graph.input} & state.keys()
    turned = {node.input[0]: node for node in graph.node if node.op_type == "Transpose" and node.input[0] in weights}
    uses = count_uses(graph)
    turned = {name: node for name, node in turned.items() if uses[name] == 1}
    inputs, dropped, casts, stored = [v for v in graph.input if v.name not in weights], [], [], []
    file = WeightFile(f"{path}.data")
    for name in (v.name for v in graph.input if v.name in weights):
        value, target = state[name].detach(), name
        if name in turned:
            permutation = helper.get_attribute_value(turned[name].attribute[0])
            value, target = value.permute(*permutation), turned[name].output[0]
            dropped.append(turned[name].output[0])
        if half and value.dtype == torch.float32 and value.numel() >= SMALLEST_HALF:
            stored.append(file.tensor(f"{target}.half", value.half(), TensorProto.FLOAT16))
            casts.append(helper.make_node("Cast", [f"{target}.half"], [target], to=TensorProto.FLOAT))
        else:
            stored.append(file.tensor(target, value, DTYPES[value.dtype]))
    file.close()
    nodes = casts + [node for node in graph.node if node.output[0] not in dropped]
    del graph.input[:], graph.node[:]
    graph.input.extend(inputs)
    graph.node.extend(nodes)
    graph.initializer.extend(stored)


def count_uses(graph):
    counts = {}
    for node in graph.node:
        for name in node.input:
            counts[name] = counts.get(name, 0) + 1
    return counts
