"""Structural recognisers: values of people and cars that are none of the run's identities.

A *recogniser* is a row of `RECOGNISERS`: the shape of a value as an expression of the one search over a layer, and a
*check* that reads what was found: check digits, dates, numbering plans, placeholders. A shape that is too common to
mean anything alone (fifteen digits, a UUID) needs *company*: the name of its field right before it, which is part of
its expression, so that benign traffic costs no more than the search itself.
"""

from captures.sightings.recognisers.reading import Recognised, Recogniser
from captures.sightings.recognisers.search import FORM, SHAPED, Strangers, beside, recognise, recognised_at, shapes
from captures.sightings.recognisers.table import RECOGNISERS

__all__ = [
    "FORM",
    "RECOGNISERS",
    "SHAPED",
    "Recognised",
    "Recogniser",
    "Strangers",
    "beside",
    "recognise",
    "recognised_at",
    "shapes",
]
