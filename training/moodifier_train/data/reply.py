"""The planner's reply as segments: what is fed forced, what is chosen, and which token ids each piece has.

A schema is a JSON-schema subset: object (all properties, in order), enum string, free string, number 0..0.99 written 0.dd, array
with minItems == maxItems (fixed) or up to maxItems (variable). The reply is compact JSON. Segments are encoded one by one.
"""

from dataclasses import dataclass

NUMBER = {"type": "number", "minimum": 0, "maximum": 0.99, "multipleOf": 0.01}
TEXT = {"type": "string"}
BOX = {"type": "array", "items": NUMBER, "minItems": 4, "maxItems": 4}


@dataclass(frozen=True)
class Segment:
    """kind: literal (forced), text (free string), enum, digits (one pair) or choice (the separator after a variable array's item)."""

    kind: str
    text: str
    options: tuple = ()


def record(**properties):
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def array(items, least, most):
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


def plan_schema(categories, labels, kinds=("shape", "colour", "material", "style", "add", "remove")):
    region = record(label={"type": "string", "enum": list(labels)}, box=BOX)
    return record(category={"type": "string", "enum": list(categories)}, source=TEXT, target=TEXT, kind={"type": "string", "enum": list(kinds)}, regions=array(region, 1, 8))


def annotation_schema(emotions):
    return record(summary=TEXT, stimuli=array(record(text=TEXT, box=BOX), 3, 3), overall=TEXT, emotion={"type": "string", "enum": list(emotions)})


def segments(schema, value):
    """The segments of `value` under `schema`; neighbouring literals are merged into one."""
    out = []
    for segment in _walk(schema, value):
        if segment.kind == "literal" and out and out[-1].kind == "literal":
            out[-1] = Segment("literal", out[-1].text + segment.text)
        else:
            out.append(segment)
    return out


def _walk(schema, value):
    literal = lambda text: Segment("literal", text)
    if schema["type"] == "object":
        for i, (name, inner) in enumerate(schema["properties"].items()):
            yield literal(f'{"," if i else "{"}"{name}":')
            yield from _walk(inner, value[name])
        yield literal("}")
    elif schema["type"] == "string":
        yield literal('"')
        yield Segment("enum", value, tuple(schema["enum"])) if "enum" in schema else Segment("text", value)
        yield literal('"')
    elif schema["type"] == "number":
        yield literal("0.")
        yield Segment("digits", f"{min(99, max(0, round(value * 100))):02d}")
    else:
        fixed = schema["minItems"] == schema["maxItems"]
        yield literal("[")
        for i, item in enumerate(value):
            yield from _walk(schema["items"], item)
            last = i + 1 == len(value)
            yield Segment("literal" if fixed else "choice", "]" if last else ",")


def encode_segments(tokenizer, parts):
    """Token ids per segment."""
    return [tokenizer.encode(part.text).ids for part in parts]
