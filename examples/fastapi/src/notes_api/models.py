"""What goes over the wire."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Tag = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,30}$")]


class NewNote(BaseModel):
    title: Title
    text: str = ""
    tags: frozenset[Tag] = frozenset()
    due: AwareDatetime | None = None


class Note(NewNote):
    id: UUID = Field(default_factory=uuid4)
    created: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))

    def in_zone(self, zone: ZoneInfo) -> "Note":
        """The same note with its times as a clock in `zone` shows them."""
        due = self.due.astimezone(zone) if self.due else None
        return self.model_copy(update={"created": self.created.astimezone(zone), "due": due})


class Change(BaseModel):
    """Told to everyone who listens at ``/changes``."""

    kind: Literal["added", "removed"]
    note: Note
