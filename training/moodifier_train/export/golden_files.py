"""Writers of golden files: JSON with one value or case a line, float32 arrays in a .bin beside their JSON."""

import json
from pathlib import Path

import numpy as np


def floats(array):
    """A flat list whose decimal form reads back as the same float32."""
    return [float(str(v)) for v in np.asarray(array, np.float32).reshape(-1)]


def write_json(path, value):
    """Objects spread over lines down to the entries of top-level lists; small and diffable."""
    lines = []
    for key, item in value.items():
        if isinstance(item, list):
            rows = ",\n".join(f"    {compact(v)}" for v in item)
            lines.append(f"  {json.dumps(key)}: [\n{rows}\n  ]")
        elif isinstance(item, dict) and len(item) > 8:
            rows = ",\n".join(f"    {json.dumps(k)}: {compact(v)}" for k, v in item.items())
            lines.append(f"  {json.dumps(key)}: {{\n{rows}\n  }}")
        else:
            lines.append(f"  {json.dumps(key)}: {compact(item)}")
    Path(path).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def compact(value):
    return json.dumps(value, ensure_ascii=True)


class Arrays:
    """Named float32 arrays behind one another in a little-endian file."""

    def __init__(self):
        self.index, self.parts, self.size = {}, [], 0

    def add(self, name, array):
        array = np.ascontiguousarray(array, dtype="<f4")
        self.index[name] = {"offset": self.size, "dims": list(array.shape)}
        self.parts.append(array.reshape(-1))
        self.size += array.size
        return name

    def write(self, path):
        np.concatenate(self.parts).tofile(path)
