"""Prepares veraPDF, the open validator of PDF/A, for use without network.

    python tools/verapdf/prepare.py

Needs Java and Maven. Everything lies in the folder that EHDS_VERAPDF names, else in the user's
cache, outside the repository; what is already there is kept.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
MAIN_CLASS = "org.verapdf.apps.GreenfieldCliWrapper"


def home() -> Path:
    """Return the folder where veraPDF is prepared."""
    named = os.environ.get("EHDS_VERAPDF")
    if named:
        return Path(named)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "ehds" / "verapdf"


def is_prepared() -> bool:
    """Return whether veraPDF and Java are there."""
    return any(home().glob("lib/greenfield-apps-*.jar")) and shutil.which("java") is not None


def main() -> None:
    """Fetch veraPDF with Maven, unless it is there."""
    if not is_prepared():
        maven = shutil.which("mvn")
        if maven is None:
            sys.exit("mvn is not installed")
        folder = f"-DoutputDirectory={home() / 'lib'}"
        command = [maven, "-q", "-B", "-f", str(HERE / "pom.xml")]
        done = subprocess.run(  # noqa: S603 - a fixed command
            [*command, "dependency:copy-dependencies", folder],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            sys.exit(f"Maven\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    print(f"ready: EHDS_VERAPDF={home()}")


def judge(files: list[Path]) -> dict[str, bool]:
    """Return by file name whether it conforms to PDF/A-3b, by veraPDF's verdict."""
    java = shutil.which("java") or "java"
    done = subprocess.run(  # noqa: S603 - our own paths
        [java, "-cp", f"{home() / 'lib'}{os.sep}*", MAIN_CLASS, "-f", "3b", "--format", "text",
         *map(str, files)],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    verdicts = {}
    for line in done.stdout.splitlines():
        word, _, rest = line.partition(" ")
        if word in ("PASS", "FAIL"):
            verdicts[Path(rest.rpartition(" ")[0]).name] = word == "PASS"
    return verdicts


if __name__ == "__main__":
    main()
