"""From evidence to findings: what a photo that shows you means, how much it matters and why."""

from untag.findings.decide import PhotoEvidence, decide
from untag.findings.rules import SEVERITIES, Rules, default_rules

__all__ = ["SEVERITIES", "PhotoEvidence", "Rules", "decide", "default_rules"]
