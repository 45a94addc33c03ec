"""The presets: sets of weights for different worries, as TOML files that are meant to be read."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from pathlib import Path

from untag.findings.nearness import Nearness
from untag.findings.prominence import Prominence
from untag.findings.rules import Audience, Weights
from untag.types import Verdict

_FOLDER = Path(__file__).parent / "presets"


class Preset(StrEnum):
    """Whom one would not want to see the photos; each has its file of weights."""

    JOB_HUNT = "job-hunt"
    FAMILY = "family"
    PUBLIC_OFFICE = "public-office"


def load_preset(preset: Preset) -> Weights:
    """The weights of a preset, from its file in the package."""
    values = tomllib.loads((_FOLDER / f"{preset}.toml").read_text(encoding="utf-8"))
    return Weights(
        severities=values["severities"],
        certainty={verdict: values["certainty"][verdict] for verdict in Verdict},
        exposure={audience: values["exposure"][audience] for audience in Audience},
        prominence={mark: values["prominence"][mark] for mark in Prominence},
        nearness={where: values["nearness"][where] for where in Nearness},
        act_from=values["act_from"],
    )
