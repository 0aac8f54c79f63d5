"""An application as far as its own files tell, which is the same for every platform."""

from __future__ import annotations

from pathlib import Path

import msgspec

from distil.model.application import Application
from distil.model.node import Node
from distil.model.spec import Spec
from distil.runtimes.protocol import Project
from distil.runtimes.table import detect
from distil.source.place import Place, sources_of
from distil.source.revision import with_revision
from distil.source.scan import Sources
from distil.source.secret_search import check_copied, without_secrets
from distil.stages.checks import check_stages
from distil.userfiles.certificates import local_certificates
from distil.userfiles.copies import Copies, find_copies


class Subject(msgspec.Struct, frozen=True):
    """What is to be built, before any platform is thought of.

    `certificates` are the authorities that the image shall trust beside the base's, `copies`
    the user's own files that go where the user says.
    """

    spec: Spec
    project: Project
    sources: Sources
    certificates: tuple[Node, ...] = ()
    copies: Copies = Copies()

    @property
    def application(self) -> Application:
        """What its runtime recognised."""
        return self.project.application

    @property
    def source(self) -> Path:
        """The directory."""
        return Path(self.project.application.source)


def read_subject(place: Place, spec: Spec) -> Subject:
    """The application at `place`.

    Raises what `find_copies`, `scan`, `detect`, `with_revision` and `local_certificates` raise,
    and `SecretsFound`.
    """
    source = place.directory
    sources = sources_of(place, spec)
    project = detect(place, spec, sources)
    spec = project.completed(spec)
    check_stages(source, spec)
    copies = find_copies(source, spec)
    check_copied(copies.files, spec)
    sources = without_secrets(sources, spec, packaged=project.application.packaged)
    spec = with_revision(spec, source, sources)
    certificates = local_certificates(source, spec.image.certificates)
    return Subject(spec, project, sources, certificates, copies)
