"""Findings as a table for a terminal, as JSON and CSV for programs; `html` writes one file to look through."""

from untag.findings.counting import in_words
from untag.reports.csv_format import write_csv
from untag.reports.json_format import write_json
from untag.reports.table import table_lines

__all__ = ["in_words", "table_lines", "write_csv", "write_json"]
