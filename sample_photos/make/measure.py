"""Judges the finished photos with the models that untag ships, through untag's own code: python sample_photos/make/measure.py.

Prints for each photo the categories and, for each face, its width and the distance to the nearest reference in `me/`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent


def inspect(folder: Path) -> list[dict]:
    photos = sorted(str(p) for p in folder.rglob("*") if p.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp", ".zip"})
    command = [str(Path(sys.executable).with_name("untag")), "inspect", "--json", "--embeddings", *photos]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def main() -> None:
    references = inspect(ROOT / "me")
    known = np.array([face["embedding"] for row in references for face in row["faces"]])
    for row in inspect(ROOT / "archive"):
        scenes = " ".join(f"{name} {score:.2f}" for name, score in row["scenes"].items())
        faces = ", ".join(
            f"{face['box'][2] - face['box'][0]:.0f} px {np.linalg.norm(known - np.array(face['embedding']), axis=1).min():.2f}"
            for face in row["faces"]
        )
        print(f"{Path(row['path']).relative_to(ROOT)}: {scenes}; faces: {faces or 'none'}")


if __name__ == "__main__":
    main()
