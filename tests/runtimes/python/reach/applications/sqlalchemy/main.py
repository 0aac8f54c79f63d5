"""SQLAlchemy: models, a session, a query, dialects by URL."""

import sqlalchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "note"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


if __name__ == "__main__":
    engine = sqlalchemy.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Note(text="x"))
        session.flush()
        assert session.scalars(sqlalchemy.select(Note)).one().text == "x"
    for name in ("postgresql", "mysql", "oracle", "mssql"):
        str(
            sqlalchemy.select(Note).compile(
                dialect=sqlalchemy.make_url(f"{name}://").get_dialect()()
            )
        )
