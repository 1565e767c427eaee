"""What cannot be imported, and why."""


class ImportRefused(Exception):
    """Argument, what was expected, what came. Nothing was written."""


def expect(what, wanted, got):
    """Refuse unless `got` is `wanted` (a value or a tuple of allowed values)."""
    allowed = wanted if isinstance(wanted, tuple) else (wanted,)
    if got not in allowed:
        raise ImportRefused(f"{what}: expected {' or '.join(map(str, allowed))}, got {got}")
