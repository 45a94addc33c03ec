"""From evidence to findings: what a photo that shows you means, how much it matters and why."""

from untag.findings.decide import PhotoEvidence, decide
from untag.findings.preset import Preset, load_preset
from untag.findings.rules import Rules, Weights

__all__ = ["PhotoEvidence", "Preset", "Rules", "Weights", "decide", "load_preset"]
