"""What is wrong with a certificate: the rules of the documents that govern STIR certificates, named."""

from ringfence.verify.lint.report import RULES, Finding, LintReport, lint
from ringfence.verify.lint.rules import Rule, Severity

__all__ = ["RULES", "Finding", "LintReport", "Rule", "Severity", "lint"]
