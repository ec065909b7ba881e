"""Renew the checksums in data/SOURCES.toml: ``make sources``. With --check only compare."""

from __future__ import annotations

import hashlib
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1] / "data"
REGISTER = ROOT / "SOURCES.toml"
ENDINGS = {".csv", ".toml", ".json", ".gz", ".xml", ".ttf", ".txt"}


def files() -> list[str]:
    """Return every data file, relative to data/."""
    return sorted(
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*")
        if path.suffix in ENDINGS and path != REGISTER and path.is_file()
    )


def digest(name: str) -> str:
    """Return the SHA-256 of a data file."""
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def problems() -> list[str]:
    """Return what is wrong: files without an entry, entries without a file, other checksums."""
    register = tomllib.loads(REGISTER.read_text(encoding="utf-8"))
    known: dict[str, str] = register["sha256"]
    groups = register["group"]
    found = [f"{name}: no checksum" for name in files() if name not in known]
    found += [f"{name}: no such file" for name in known if not (ROOT / name).is_file()]
    found += [
        f"{name}: the checksum differs"
        for name, value in known.items()
        if (ROOT / name).is_file() and digest(name) != value
    ]
    found += [
        f"{name}: no group says where it comes from"
        for name in files()
        if not any(Path(name).match(g["files"]) for g in groups)
    ]
    return found


def renew() -> None:
    """Write the checksums of all files below the line that starts them."""
    text = REGISTER.read_text(encoding="utf-8").split("\n[sha256]", 1)[0]
    lines = [f'"{name}" = "{digest(name)}"' for name in files()]
    REGISTER.write_text(text + "\n[sha256]\n" + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if "--check" not in sys.argv:
        renew()
    wrong = problems()
    sys.stderr.write("".join(f"{line}\n" for line in wrong))
    sys.exit(bool(wrong))
