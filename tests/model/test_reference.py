"""Image names against Docker's own normalisation table, places against containers-transports(5)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.errors import DistilError
from distil.model.errors import InvalidReference
from distil.model.reference import Transport, parse_image_name, parse_location

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "canonical", "familiar"),
    [
        ("redis", "docker.io/library/redis", "redis"),
        ("docker.io/redis", "docker.io/library/redis", "redis"),
        ("index.docker.io/library/redis:7", "docker.io/library/redis:7", "redis:7"),
        ("dmcgowan/myapp", "docker.io/dmcgowan/myapp", "dmcgowan/myapp"),
        ("library/redis", "docker.io/library/redis", "redis"),
        ("docker.io/library/a/b", "docker.io/library/a/b", "library/a/b"),
        ("127.0.0.1:8000/blog", "127.0.0.1:8000/blog", "127.0.0.1:8000/blog"),
        ("[::1]:5000/x:y", "[::1]:5000/x:y", "[::1]:5000/x:y"),
        ("localhost/x", "localhost/x", "localhost/x"),
        ("Host/x", "Host/x", "Host/x"),
        ("a__b/c--d.e_f:T-1.0_x", "docker.io/a__b/c--d.e_f:T-1.0_x", "a__b/c--d.e_f:T-1.0_x"),
        (f"x:1@{DIGEST}", f"docker.io/library/x:1@{DIGEST}", f"x:1@{DIGEST}"),
        ("registry.test:443/a/b@" + DIGEST, "registry.test:443/a/b@" + DIGEST, None),
    ],
)
def test_names_are_normalised_as_docker_does(text, canonical, familiar):
    name = parse_image_name(text)
    assert name.canonical == canonical
    assert name.familiar == (familiar or canonical)
    assert str(name) == name.familiar
    assert parse_image_name(name.familiar) == name
    assert parse_image_name(name.canonical) == name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names no image"),
        (":1", "names no image"),
        ("https://x/y", "is not"),
        ("Flask:1.0", "lower case"),
        ("-foo", "'-foo'"),
        ("foo/bar-", "'bar-'"),
        ("foo//bar", "''"),
        ("a___b", "'a___b'"),
        ("a..b/c", "'a..b'"),
        ("x:", "tag after ':' is empty"),
        ("x:-1", "'-1'"),
        ("x:" + "t" * 129, "longer than 128"),
        ("x:t\n", "not letters"),
        ("x@", "not a sha256 digest"),
        ("x@sha256:AB", "not a sha256 digest"),
        ("x@sha512:" + "ab" * 64, "not a sha256 digest"),
        ("ab" * 32, "image ID"),
        ("a" * 256, "longer than 255"),
        ("x.y_z/name", "host name"),
        ("naïve", "'naïve'"),
    ],
)
def test_bad_names_say_which_part_is_wrong(text, says):
    with pytest.raises(InvalidReference) as caught:
        parse_image_name(text)
    assert says in caught.value.message


def test_an_upper_case_name_hints_at_the_lower_case_one():
    with pytest.raises(InvalidReference) as caught:
        parse_image_name("me/Flask:V1")
    assert caught.value.hint == "write me/flask:V1"


def test_the_debug_twin_has_a_tag_of_its_own():
    assert str(parse_image_name("app:1.4").variant("debug")) == "app:1.4-debug"
    assert str(parse_image_name("app").variant("debug")) == "app:latest-debug"
    assert str(parse_image_name("app").tagged()) == "app:latest"


@pytest.mark.parametrize(
    ("text", "transport", "path", "reference"),
    [
        ("oci:out/hello", Transport.OCI, "out/hello", ""),
        ("oci:out/hello:1.0", Transport.OCI, "out/hello", "1.0"),
        ("oci:/x y:docker.io/a/b:1", Transport.OCI, "/x y", "docker.io/a/b:1"),
        ("oci-archive:f.tar", Transport.OCI_ARCHIVE, "f.tar", ""),
        ("oci-archive:f.tar:v1+b", Transport.OCI_ARCHIVE, "f.tar", "v1+b"),
        ("docker-archive:f.tar", Transport.DOCKER_ARCHIVE, "f.tar", ""),
        ("docker-archive:f.tar:a/b:1", Transport.DOCKER_ARCHIVE, "f.tar", "a/b:1"),
    ],
)
def test_places_in_the_file_system(text, transport, path, reference):
    location = parse_location(text)
    assert (location.transport, location.path, location.reference) == (transport, path, reference)
    assert str(location) == text


@pytest.mark.parametrize(
    ("text", "canonical", "printed"),
    [
        ("docker://redis", "docker.io/library/redis:latest", "docker://redis:latest"),
        ("localhost:5000/x:1", "localhost:5000/x:1", "docker://localhost:5000/x:1"),
        ("flask-hello:1.0", "docker.io/library/flask-hello:1.0", "docker://flask-hello:1.0"),
        ("docker-daemon:x:1", "docker.io/library/x:1", "docker-daemon:x:1"),
        ("containers-storage:x", "docker.io/library/x:latest", "containers-storage:x:latest"),
        (f"docker://x@{DIGEST}", f"docker.io/library/x@{DIGEST}", f"docker://x@{DIGEST}"),
    ],
)
def test_places_that_are_names(text, canonical, printed):
    location = parse_location(text)
    assert location.name is not None
    assert location.name.canonical == canonical
    assert str(location) == printed


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("out/hello.tar", "write oci-archive:out/hello.tar"),
        ("./out", "write oci:./out"),
        ("/out", "write oci:/out"),
        (
            "out/x.spdx.json",
            "write sbom:out/x.spdx.json where an SBOM is meant, and oci:DIR:TAG for an image",
        ),
        ("dir:x", "use oci:DIR:TAG"),
        ("oci-archiv:out.tar", "did you mean oci-archive or docker-archive?"),
        ("oci-archiv:out/x.tar:1", "did you mean oci-archive or docker-archive?"),
        (f"oci:dir@{DIGEST}", "name the image by its tag: oci:dir:TAG"),
        ("docker:x", ""),
        ("oci:", ""),
        ("oci:dir:", ""),
        ("oci:dir:bad name", ""),
        (f"docker-archive:f.tar:x@{DIGEST}", ""),
        ("docker-archive:f.tar:Upper", "write upper"),
    ],
)
def test_bad_places_hint_at_what_to_write(text, hint):
    with pytest.raises(InvalidReference) as caught:
        parse_location(text)
    assert caught.value.hint == hint


@given(st.text(max_size=60))
def test_any_text_parses_to_what_prints_the_same_or_is_refused(text):
    for parse in (parse_image_name, parse_location):
        try:
            value = parse(text)
        except DistilError:
            continue
        assert parse(str(value)) == value
