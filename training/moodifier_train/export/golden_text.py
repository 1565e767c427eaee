"""Goldens of the two tokenizers and of the planner's reply."""

import random

import torch

from ..data.byte_tokenizer import BOS, SEP, load_byte_tokenizer
from ..data.clip_tokenizer import load_clip_tokenizer
from ..data.reply import BOX, annotation_schema, array, encode_segments, plan_schema, record, segments
from .golden_files import floats, write_json
from .random import gaussian_noise
from .samples import ANNOTATION, PLAN, SOURCE, TARGET

CATEGORIES, LABELS, EMOTIONS = ["face"], ["mouth", "eyes", "eyebrows", "face"], ["joy", "sadness", "neutral"]

ODD = [
    "", " ", "\n\t ", "a", "A", "Joy!", "it's we're I'll he'd they've I'm", "It'S WE'RE", "don’t", "don''t 's 't", "hello   world\u00a0again", "tabs\tand\nlines\r\n",
    "The picture conveys joy.", SOURCE, TARGET, "word " * 300, "smile" * 120, "1234567890 3.14 1,000 ½ ² ٣ 四", "a1b2c3", "x²+y²=z²",
    "naïve café résumé", "nai\u0308ve cafe\u0301", "ÅNGSTRÖM Å \u212b", "ﬁ ﬂ ﬀ", "straße STRASSE", "İstanbul ıi", "ΑΒΓ αβγς Σ", "ПРИВЕТ мир", "שלום עולם", "مرحبا بالعالم", "नमस्ते दुनिया", "สวัสดีชาวโลก",
    "你好,世界", "こんにちは世界", "カタカナ ｶﾀｶﾅ", "안녕하세요 세계", "\u1112\u1161\u11ab\u1100\u1173\u11af", "😀", "😀😃😄", "👩‍👩‍👧‍👦 family", "👍🏽", "🇫🇷🇯🇵", "❤️ ❤", "smile 😀smile", "☺️", "#️⃣1️⃣",
    "&amp; &lt;b&gt; &quot;q&quot; &#39; &nbsp;", "&amp;amp;", "<b>bold</b>", "<|startoftext|>", "<|endoftext|>", "a<|endoftext|>b", "<|ENDOFTEXT|>", "<|end", "\u0000", "a\u0000b", "\u0001\u0002\u001f", "\u007f\u0080\u009f",
    "zero\u200bwidth", "\u200e\u200fmarks\u202e", "\ufeffbom", "\u2028line\u2029para", "\u3000ideographic\u3000space", "\u00adsoft\u00adhyphen", "\ufffd", "\U000e0001", "\U0010ffff", "\ue000private",
    "!!!???...", "…—–-", "“quotes” ‘single’", "()[]{}<>/\\|", "$100 €50 £20 ¥", "© ® ™", "@user #tag", "https://example.org/a?b=c&d=e", "a_b-c.d", "__init__", "C++ C#", "'", "''", "'s", " 's", "'S", "s'", "'ll'll",
    "e\u0301\u0301\u0301", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢", "ℵ ℝ ∑ ∞ ≠", "Ⅷ ⅷ", "①②③", "ｆｕｌｌｗｉｄｔｈ", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "ǅ ǆ Ǆ", "ŉ", "ſ", "ẞ", "Ⱥ", "Ꭰ ꭰ", "ა Ა", "🅰️", "½cup", "5kg 10% 20°C", "no.1", "A.B.C.", "...joy", "joy...",
]  # fmt: skip


def odd_strings(count):
    """`count` distinct strings: the list above, then mixes of its pieces and of random code points, the same every time."""
    draw, seen = random.Random(20240917), dict.fromkeys(ODD)
    words = [w for text in (SOURCE, TARGET) for w in text.split()] + [t for t in ODD if 0 < len(t) < 40]
    blocks = [(32, 126), (0xA0, 0x24F), (0x370, 0x3FF), (0x400, 0x4FF), (0x5D0, 0x5EA), (0x620, 0x64A), (0x300, 0x36F), (0x3041, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0x1F300, 0x1F64F), (0x2000, 0x206F), (0, 31), (0x1100, 0x11FF), (0x2100, 0x214F)]  # fmt: skip
    while len(seen) < count:
        if draw.random() < 0.5:
            text = draw.choice(["", " ", "  "]).join(draw.choice(words) for _ in range(draw.randint(1, 12)))
        else:
            text = "".join(chr(draw.randint(*draw.choice(blocks))) for _ in range(draw.randint(1, 24)))
        seen[text.upper() if draw.random() < 0.1 else text] = None
    return list(seen)


def write_clip_tokenizer(out, folder, shown, maximum=248, count=1000):
    """`folder` holds the vocabulary now, `shown` is its path from the repository root."""
    tokenizer, cases = load_clip_tokenizer(folder), []
    start, end = tokenizer.bos_token_id, tokenizer.eos_token_id
    for text in odd_strings(count):
        ids = tokenizer(text)["input_ids"]
        case = {"text": text, "ids": ids}
        if len(ids) > maximum:
            case["truncated"] = ids[: maximum - 1] + [end]
            assert case["truncated"] == tokenizer(text, truncation=True, max_length=maximum)["input_ids"]
        cases.append(case)
    write_json(out / "clip-tokenizer.json", {"vocab": f"{shown}/vocab.json", "merges": f"{shown}/merges.txt", "startToken": start, "endToken": end, "maxLength": maximum, "cases": cases})


PLANNER_FILES = {"vocab": "tests/golden/tiny/tokenizer/planner/vocab.json", "merges": "tests/golden/tiny/tokenizer/planner/merges.txt"}


def write_byte_bpe(out, folder):
    tokenizer = load_byte_tokenizer(folder)
    requests = ["Plan an edit that makes this picture express joy at intensity 0.8.", "Describe this picture and the emotion it evokes."]
    cases = []
    for text in [*requests, "<|bos|>", *(t for t in odd_strings(300) if t)]:
        ids = tokenizer.encode(text).ids
        assert tokenizer.decode(ids) == text, text
        cases.append({"text": text, "ids": ids})
    write_json(out / "byte-bpe.json", {**PLANNER_FILES, "cases": cases})


def write_segments(out, folder):
    tokenizer, cases = load_byte_tokenizer(folder), []
    plan, annotation = plan_schema(CATEGORIES, LABELS), annotation_schema(EMOTIONS)
    one = {**PLAN, "regions": [{"label": "face", "box": [0, 0.05, 0.99, 1]}]}
    for name, schema, value in (("plan", plan, PLAN), ("plan with one region", plan, one), ("annotation", annotation, ANNOTATION)):
        parts = segments(schema, value)
        ids = encode_segments(tokenizer, parts)
        listed = [{"kind": p.kind, "text": p.text, **({"options": list(p.options)} if p.options else {}), "ids": i} for p, i in zip(parts, ids)]
        cases.append({"name": name, "schema": schema, "value": value, "json": "".join(p.text for p in parts), "segments": listed, "ids": [t for i in ids for t in i]})
    write_json(out / "planner-segments.json", {**PLANNER_FILES, "cases": cases})


@torch.no_grad()
def write_decode(out, family):
    """A greedy reply without free strings (random weights would not end one)."""
    from ..tasks.planner_decode import Decoder

    tokenizer = load_byte_tokenizer(family.tokenizers["planner"])
    side = family.planner.vision.config.image_size
    pixels = {"seed": "11", "stream": 0, "dims": [1, 3, side, side]}
    schema = record(category={"type": "string", "enum": ["face", "bag", "vase"]}, regions=array(record(label={"type": "string", "enum": LABELS}, box=BOX), 1, 8), emotion={"type": "string", "enum": EMOTIONS})
    request, decoder = "Describe this picture and the emotion it evokes.", Decoder(family.planner, tokenizer)
    image = torch.from_numpy(gaussian_noise(11, 0, tuple(pixels["dims"])))
    value = decoder.reply(image, request, schema)
    parts = segments(schema, value)
    prompt = [BOS, *tokenizer.encode(request).ids, SEP]
    logits = family.planner(family.planner.image_tokens(image), torch.tensor([prompt]))[0, -1]
    ids = [t for i in encode_segments(tokenizer, parts) for t in i]
    write_json(out / "planner-decode.json", {"family": "tiny", "pixels": pixels, "request": request, "schema": schema, "prompt": prompt, "ids": ids, "json": "".join(p.text for p in parts), "tolerance": 1e-3, "firstLogits": floats(logits)})
