"""Distributions of others that add plug-ins: written as a package manager would install them."""

from pathlib import Path


def install(folder: Path, name: str, group: str, module: str) -> Path:
    """Write the metadata of a distribution whose one entry point in a group names a module; return its folder."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {module}\n")
    return info
