"""Greedy decoding under a schema, as services/mllm does it: literals are fed, free strings end where the next literal begins."""

import torch
from transformers import DynamicCache

from ..data.byte_tokenizer import BOS, SEP


class Decoder:
    """One reply at a time over a Planner; `limit` bounds the tokens of the reply."""

    def __init__(self, model, tokenizer, limit=400):
        self.model, self.tokenizer, self.limit = model, tokenizer, limit
        self.texts = [tokenizer.decode([i]) for i in range(tokenizer.get_vocab_size())]
        width = model.decoder.config.vocab_size
        self.free = torch.zeros(width, dtype=torch.bool)
        for i, text in enumerate(self.texts):
            self.free[i] = i > 3 and not any(c in '"\\' or ord(c) < 32 for c in text)

    def encode(self, text):
        return self.tokenizer.encode(text).ids

    def reply(self, pixels, request, schema):
        """The decoded value, or None when the limit is reached first."""
        self.cache, self.left = DynamicCache(), self.limit
        image = self.model.image_tokens(pixels)
        head = torch.tensor([[BOS, *self.encode(request), SEP]])
        states = torch.cat([image, self.model.decoder.get_input_embeddings()(head)], 1)
        self.logits = self.model.decoder(inputs_embeds=states, cache=self.cache, use_cache=True).logits[0, -1]
        self.pending = ""
        try:
            return self.value(schema)
        except OverflowError:
            return None

    def feed(self, ids):
        self.left -= len(ids)
        if self.left < 0:
            raise OverflowError
        if ids:
            self.logits = self.model.decoder(input_ids=torch.tensor([ids]), cache=self.cache, use_cache=True).logits[0, -1]

    def flush(self):
        """Feed the literals that have gathered since the last field, as one segment."""
        self.feed(self.encode(self.pending))
        self.pending = ""

    def pick(self, allowed):
        """Feed and return the likeliest of the allowed ids (a list, or a bool mask over the vocabulary)."""
        masked = torch.full_like(self.logits, float("-inf"))
        masked[allowed] = self.logits[allowed]
        best = int(masked.argmax())
        self.feed([best])
        return best

    def value(self, schema, after=""):
        """Decode `schema`; `after` is the literal text known to follow it."""
        kind = schema["type"]
        if kind == "object":
            names, out = list(schema["properties"]), {}
            for n, name in enumerate(names):
                self.pending += f'{"," if n else "{"}"{name}":'
                rest = "}" + after if n + 1 == len(names) else f',"{names[n + 1]}":'
                out[name] = self.value(schema["properties"][name], rest + (_opening(schema["properties"][names[n + 1]]) if n + 1 < len(names) else ""))
            self.pending += "}"
            return out
        if kind == "string":
            self.pending += '"'
            self.flush()
            out = self.choose(schema["enum"]) if "enum" in schema else self.free_text('"' + after)
            self.pending += '"'
            return out
        if kind == "number":
            self.pending += "0."
            self.flush()
            digits = [self.encode(str(d))[0] for d in range(10)]
            return round(sum(digits.index(self.pick(digits)) / 10**place for place in (1, 2)), 2)
        return self.items(schema, after)

    def choose(self, options):
        """Follow the options' token sequences; an option that is a prefix of another cannot occur among enum words here."""
        paths, done = {o: self.encode(o) for o in options}, 0
        while len(paths) > 1 or done < len(next(iter(paths.values()))):
            token = self.pick(sorted({p[done] for p in paths.values() if len(p) > done}))
            paths, done = {o: p for o, p in paths.items() if len(p) > done and p[done] == token}, done + 1
        return next(iter(paths))

    def free_text(self, closing):
        """Tokens until the first token of the literal that follows; the closing literal itself stays pending."""
        stop, ids = self.encode(closing)[0], []
        allowed = self.free.clone()
        allowed[stop] = True
        while True:
            masked = torch.where(allowed, self.logits, float("-inf"))
            best = int(masked.argmax())
            if best == stop:
                return self.tokenizer.decode(ids)
            self.feed([best])
            ids.append(best)

    def items(self, schema, after):
        least, most, out = schema["minItems"], schema["maxItems"], []
        fixed = least == most
        self.pending += "["
        while True:
            last = len(out) + 1 == most
            out.append(self.value(schema["items"], ("]" + after if last else "," + _opening(schema["items"])) if fixed else ""))
            if fixed:
                self.pending += "]" if last else ","
            elif not self.more(len(out) < least, last):
                return out
            if fixed and last:
                return out

    def more(self, must, last):
        """The one-token choice after an item of a variable array."""
        self.flush()
        comma, bracket = self.encode(",")[0], self.encode("]")[0]
        return self.pick([comma] if must else [bracket] if last else [comma, bracket]) == comma


def _opening(schema):
    """The literal text that any value of `schema` begins with."""
    if schema["type"] == "object":
        name, inner = next(iter(schema["properties"].items()))
        return f'{{"{name}":' + _opening(inner)
    if schema["type"] == "array":
        return "[" + _opening(schema["items"])
    return '"' if schema["type"] == "string" else "0."


def box_iou(a, b):
    """Intersection over union of two boxes [x0, y0, x1, y1]."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    common = max(0.0, width) * max(0.0, height)
    area = lambda box: max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])
    return common / max(1e-9, area(a) + area(b) - common)
