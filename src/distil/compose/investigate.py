"""What an application is and needs, as far as its own files and the indexes tell."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from distil.distros.debian.base import Base, BaseOpener, default_python
from distil.errors import PythonDoesNotFit
from distil.events import stage
from distil.fetch.http import Client
from distil.model.application import Application
from distil.model.node import Node
from distil.model.package import PythonInterpreter, Wheel
from distil.model.spec import Spec
from distil.runtimes.python.detect import complete, detect
from distil.runtimes.python.project import build_projects
from distil.runtimes.python.resolve import resolve
from distil.runtimes.python.scripts import Place, script_sources
from distil.runtimes.python.target import fits
from distil.source.revision import with_revision
from distil.source.scan import Sources, scan
from distil.source.secret_search import check_copied, without_secrets
from distil.userfiles.certificates import local_certificates
from distil.userfiles.copies import Copies, find_copies


class Subject(msgspec.Struct, frozen=True):
    """An application as far as its own files tell, which is the same for every platform.

    `certificates` are the authorities that the image shall trust beside Debian's, `copies` the
    user's own files that go where the user says.
    """

    spec: Spec
    application: Application
    sources: Sources
    certificates: tuple[Node, ...] = ()
    copies: Copies = Copies()


class Findings(msgspec.Struct, frozen=True):
    """An application, the base it is built on, and the wheels it needs, sorted by name.

    `own` names the distributions that are the application's own projects; `directories` are
    those of them that its dependencies name, relative to it.
    """

    spec: Spec
    application: Application
    sources: Sources
    base: Base
    interpreter: PythonInterpreter
    wheels: tuple[Wheel, ...]
    own: frozenset[str]
    certificates: tuple[Node, ...] = ()
    """Authorities that the image shall trust beside Debian's."""
    directories: tuple[str, ...] = ()
    lock: str = ""
    """Path of the lock that says so; empty when nothing was locked."""


def look_at(place: Place, spec: Spec) -> Subject:
    """The application at `place`.

    Raises what `find_copies`, `scan`, `detect`, `with_revision` and `local_certificates` raise,
    and `SecretsFound`.
    """
    source = place.directory
    copies = find_copies(source, spec)
    check_copied(copies.files, spec)
    sources = script_sources(place, spec) if place.script else scan(source, spec)
    application = detect(source, spec, sources, place.script)
    sources = without_secrets(sources, spec, packaged=application.packaged)
    spec = with_revision(spec, source, sources)
    certificates = local_certificates(source, spec.image.certificates)
    return Subject(spec, application, sources, certificates, copies)


def investigate(
    subject: Subject,
    opener: BaseOpener,
    client: Client,
    *,
    refresh: bool = False,
    preferred: Sequence[Wheel] = (),
) -> Findings:
    """Find out what `subject` needs on the opener's platform.

    Versions of `preferred` are taken where the project leaves the choice.
    Only indexes are fetched; the application's own project is built by its back end. Raises
    what `BaseOpener.open`, `resolve` and `build_projects` raise; a Python version that does not
    fit comes with the bases that have one.
    """
    spec, application = subject.spec, subject.application
    with stage("reading package indexes") as result:
        base = opener.open(spec.base.source)
        result(f"{base.name} {base.release}")
    interpreter = default_python(base)
    try:
        resolution = resolve(
            application, interpreter, client, spec, refresh=refresh, preferred=preferred
        )
    except PythonDoesNotFit as error:
        bases = [name for name, _ in opener.that_fit(partial(fits, error.requires))]
        raise error.with_suites(bases) from error
    own = build_projects(application, resolution.directories, interpreter, client.cache, spec)
    return Findings(
        spec=spec,
        application=complete(application, resolution.wheels),
        sources=subject.sources,
        base=base,
        interpreter=interpreter,
        wheels=tuple(sorted((*resolution.wheels, *own), key=lambda wheel: wheel.name)),
        own=frozenset(wheel.name for wheel in own),
        certificates=subject.certificates,
        directories=resolution.directories,
    )
