"""Chokepoint: what export controls on AI chips do, to whom, through which channel, at whose cost, and how sure we are.

The functions of the command line for notebooks: the same studies, the same bytes, the same errors.

>>> import chokepoint
>>> results = chokepoint.Study.load("did-controls-work").run(runs=20, report=False)
>>> effects = results.effects()          # an Arrow table: pyarrow.table(effects).to_pandas(), polars.DataFrame(effects)
>>> effects.column_names[:3]
['outcome', 'regime', 'baseline']
"""

from importlib.metadata import version as _version

from ._core import Table
from .law import Regime, Rule, classify
from .results import Figure, Results
from .study import Decomposition, Discovery, Parting, Reversal, Study, Validation, validate

__version__ = _version("chokepoint")

__all__ = [
    "Decomposition",
    "Discovery",
    "Figure",
    "Parting",
    "Regime",
    "Results",
    "Reversal",
    "Rule",
    "Study",
    "Table",
    "Validation",
    "classify",
    "validate",
]
