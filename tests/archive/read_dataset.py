"""Opens a published data set as a user would: webdataset for the tars, pyarrow and duckdb for the index. Prints what it found as one JSON line."""

import glob
import hashlib
import io
import json
import sys

import duckdb
import pyarrow.dataset as arrow
import webdataset
from PIL import Image

folder = sys.argv[1]
table = arrow.dataset(f"{folder}/index", format="parquet").to_table()
index = {row["id"]: row for row in table.to_pylist()}
shards = sorted(glob.glob(f"{folder}/*.tar"))
samples = 0
faults = []
sizes = set()
for sample in webdataset.WebDataset(shards, shardshuffle=False):
    samples += 1
    key = sample["__key__"]
    row = index[key]
    picture = next(sample[name] for name in ("png", "jpg", "webp") if name in sample)
    if hashlib.sha256(picture).hexdigest() != row["sha256"]:
        faults.append(f"{key}: other bytes than the index says")
    if sample["txt"].decode() != row["caption"]:
        faults.append(f"{key}: other caption than the index says")
    if json.loads(sample["json"])["annotation"] != json.loads(row["annotation"]):
        faults.append(f"{key}: other annotation than the index says")
    image = Image.open(io.BytesIO(picture))
    image.load()
    sizes.add(image.size)
    if image.size != (row["width"], row["height"]):
        faults.append(f"{key}: other size than the index says")
query = f"select count(*), count(distinct emotion), sum(bytes) from '{folder}/index/*.parquet' where clip_score is not null"
rows, emotions, total = duckdb.sql(query).fetchall()[0]
groups = duckdb.sql(f"select count(*) from (select \"group\" from '{folder}/index/*.parquet' group by 1 having count(distinct split) > 1)").fetchall()[0][0]
print(json.dumps({"shards": len(shards), "samples": samples, "rows": rows, "emotions": emotions, "bytes": int(total), "leaking_groups": groups, "columns": table.column_names, "sizes": sorted(sizes), "faults": faults}))
