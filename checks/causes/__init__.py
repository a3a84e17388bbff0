"""Which failure is behind which: a directed graph of places, and rules that hold for any pipeline.

The package knows places, effects and times, and no check, no service and no pipeline by name.
"""

from checks.causes.engine import STRENGTH, Explanation, Fact, Health, diagnose
from checks.causes.graph import Carries, Dependency, Graph

__all__ = ["STRENGTH", "Carries", "Dependency", "Explanation", "Fact", "Graph", "Health", "diagnose"]
