"""The licence of a folder of weights, and whether an operator may serve it without saying more."""

import re
from pathlib import Path

from .refusal import ImportRefused

# Weights under these may be used commercially; the OpenRAIL family with the use restrictions of its appendix, which the manifest keeps naming.
KNOWN = {"apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "openrail", "openrail++", "creativeml-openrail-m", "bigscience-openrail-m"}
FORBIDDEN = re.compile(r"(^|-)(nc|noncommercial|non-commercial|nd|research)(-|$)")


def read_licence(folder, stated=None, accepted=False):
    """Licence of `folder`: `stated`, else the `license:` of its README's front matter. Lower case, as SPDX or Hugging Face write it.

    Refused: none found, one that forbids commercial use or derivatives, or an unknown one, unless `accepted` says that it was read.
    """
    licence = (stated or front_matter(Path(folder)) or "").strip().strip("'\"").lower()
    if not licence:
        raise ImportRefused(f"licence of {folder}: expected a `license:` in its README.md, or --licence, got none")
    if accepted or licence in KNOWN:
        return licence
    why = "forbids commercial use or derivatives" if FORBIDDEN.search(licence) else "is not known here"
    raise ImportRefused(f"licence of {folder}: {licence} {why}; read it, and pass --accept-licence if your use is allowed")


def front_matter(folder):
    readme = (folder if folder.is_dir() else folder.parent) / "README.md"
    if not readme.is_file():
        return None
    block = re.match(r"---\n(.*?)\n---", readme.read_text(encoding="utf-8", errors="replace"), re.S)
    match = re.search(r"^license:\s*(\S+)", block.group(1), re.M) if block else None
    return match and match.group(1)
