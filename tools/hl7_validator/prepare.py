"""Prepares the official HL7 validator for use without network.

    python tools/hl7_validator/prepare.py [--home DIR] [--packages DIR]

Needs Java 17 with javac, Maven and npm. The library comes from Maven Central, the HL7 packages that
the npm registry has from there, the others (HL7 Europe, IHE, FHIR R4 core) as NAME#VERSION.tgz from
the folder --packages. Everything lies in --home (default: EHDS_HL7_VALIDATOR, else the user's
cache), outside the repository; what is already there is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

from ips.conformance.hl7_validator import home as default_home  # noqa: E402

FROM_NPM = (
    "hl7.fhir.uv.ips@2.0.0",
    "hl7.terminology.r4@7.0.1",
    "hl7.fhir.uv.extensions.r4@5.3.0-ballot-tc1",
    "hl7.fhir.xver-extensions@0.1.0",
)
FROM_FOLDER = (
    "hl7.fhir.r4.core#4.0.1",
    "hl7.fhir.eu.extensions.r4#1.3.0",
    "ihe.pharm.mpd.r4#1.0.0-comment-2",
    "hl7.fhir.eu.base#2.0.0",
    "hl7.fhir.eu.mpd#1.0.0",
    "hl7.fhir.eu.eps#1.0.0-xtehr",
)
ALIASES = {
    "hl7.terminology.r4#7.0.1": (
        "hl7.terminology.r4#6.2.0",
        "hl7.terminology.r4#6.5.0",
        "hl7.terminology.r4#7.1.0",
        "hl7.terminology#7.0.1",
    ),
    "hl7.fhir.uv.extensions.r4#5.3.0-ballot-tc1": (
        "hl7.fhir.uv.extensions.r4#5.2.0",
        "hl7.fhir.uv.extensions#5.3.0-ballot-tc1",
    ),
}
"""Names and versions under which the validator and the guides ask for these packages."""

NOT_TO_BE_HAD = ("hl7.fhir.uv.ipa",)
"""A dependency of the IPS that no example or profile of ours uses."""

ONLY_CORE = ("hl7.terminology", "hl7.fhir.uv.extensions", "hl7.fhir.xver", "ihe.pharm")
"""Packages that depend on each other in a circle; the validator would load them for ever."""

CACHE_INI = "[cache]\nversion=4\n\n[urls]\n\n[local]\n\n[packages]\n\n[package-sizes]\n"


def main() -> None:
    """Prepare everything, step by step."""
    arguments = _arguments()
    home: Path = arguments.home.resolve()
    cache = home / ".fhir" / "packages"
    cache.mkdir(parents=True, exist_ok=True)
    (cache / "packages.ini").write_text(CACHE_INI, encoding="utf-8")
    library(home)
    for name in FROM_NPM:
        if not (cache / name.replace("@", "#")).exists():
            unpack(fetch(home, name), cache / name.replace("@", "#"))
    for name in FROM_FOLDER:
        if not (cache / name).exists():
            unpack(arguments.packages / f"{name}.tgz", cache / name)
    alias(cache)
    compile_runner(home)
    print(f"ready: EHDS_HL7_VALIDATOR={home}")


def _arguments() -> argparse.Namespace:
    oracles = Path(os.environ.get("EHDS_ORACLES", ROOT.parent / "shared" / "oracles"))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--home", type=Path, default=default_home())
    parser.add_argument("--packages", type=Path, default=oracles / "fhir-packages")
    return parser.parse_args()


def run(*command: str, cwd: Path | None = None) -> str:
    """Run a tool that must be installed; stop with its own message when it fails."""
    program = shutil.which(command[0])
    if program is None:
        sys.exit(f"{command[0]} is not installed")
    done = subprocess.run(  # noqa: S603 - fixed commands
        [program, *command[1:]], cwd=cwd, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def library(home: Path) -> None:
    """Fetch the validator and what it needs with Maven."""
    if not any((home / "lib").glob("org.hl7.fhir.validation-*.jar")):
        folder = f"-DoutputDirectory={home / 'lib'}"
        run("mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies", folder)


def fetch(home: Path, name: str) -> Path:
    """Fetch a package from the npm registry."""
    downloads = home / "downloads"
    downloads.mkdir(exist_ok=True)
    return downloads / run("npm", "pack", "--silent", name, cwd=downloads).strip().splitlines()[-1]


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a package and cut the circles among its dependencies."""
    if not archive.is_file():
        sys.exit(f"{archive} is missing: give the folder with --packages")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    with tarfile.open(archive) as tar:
        tar.extractall(partial, filter="data")
    file = partial / "package" / "package.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    dependencies = manifest.get("dependencies", {})
    if manifest["name"].startswith(ONLY_CORE):
        dependencies = {"hl7.fhir.r4.core": "4.0.1"}
    manifest["dependencies"] = {k: v for k, v in dependencies.items() if k not in NOT_TO_BE_HAD}
    file.write_text(json.dumps(manifest), encoding="utf-8")
    partial.rename(folder)


def alias(cache: Path) -> None:
    """Offer packages under the other names and versions that are asked for."""
    for source, names in ALIASES.items():
        for name in names:
            if (cache / name).exists():
                continue
            shutil.copytree(cache / source, cache / name)
            file = cache / name / "package" / "package.json"
            manifest = json.loads(file.read_text(encoding="utf-8"))
            manifest["name"], manifest["version"] = name.split("#")
            file.write_text(json.dumps(manifest), encoding="utf-8")


def compile_runner(home: Path) -> None:
    """Compile the small program that judges many files in one JVM."""
    sources = [str(file) for file in sorted(HERE.glob("*.java"))]
    classes = home / "classes"
    classes.mkdir(exist_ok=True)
    run("javac", "-nowarn", "-cp", str(home / "lib" / "*"), "-d", str(classes), *sources)


if __name__ == "__main__":
    main()
