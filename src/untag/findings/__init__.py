"""From evidence to findings: what a photo that shows you means, how much it matters and why."""

from untag.findings.assessment import Known, assess, assess_without_file
from untag.findings.names import Names, names_of
from untag.findings.preset import Preset, load_preset
from untag.findings.rules import Rules, Weights

__all__ = [
    "Known",
    "Names",
    "Preset",
    "Rules",
    "Weights",
    "assess",
    "assess_without_file",
    "load_preset",
    "names_of",
]
