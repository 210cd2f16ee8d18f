"""What the simulated engineer of a rig file does at a prompt."""

from __future__ import annotations

from pydantic import Field, model_validator

from rigs.vehicle import Action
from telltale.yamlfile import Strict


class Skill(Strict):
    """What the engineer does at a prompt of a vehicle file's, or of the bench's."""

    does: list[Action] = Field(default_factory=list)
    """In order."""
    cannot: str | None = None
    """Why it is not done."""

    @model_validator(mode="after")
    def _one(self) -> Skill:
        if bool(self.does) == (self.cannot is not None):
            raise ValueError("expected `does`, a list of actions, or `cannot`, a reason")
        return self
