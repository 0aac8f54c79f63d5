"""Which test-suites are run in which images, and what is known about each."""

from __future__ import annotations

from tests.e2e.suites.suite import Suite

PYPROJECT = "pyproject.toml"
PLAIN = ("tests", PYPROJECT)
ENCODINGS = "the tests name encodings (gbk, cp1251) that the application does not name"
PYDOC = "help() at the prompt of werkzeug's debugger, a tool for developers"

FLASK_HELLO = (
    Suite("flask-hello", "flask", PLAIN),
    Suite(
        "flask-hello",
        "werkzeug",
        PLAIN,
        ("tests", "--ignore=tests/test_serving.py"),
        differences={"test_debug_help": PYDOC},
    ),
    Suite("flask-hello", "jinja2", PLAIN),
    Suite("flask-hello", "click", PLAIN),
    Suite("flask-hello", "itsdangerous", PLAIN),
    Suite(
        "flask-hello",
        "gunicorn",
        ("tests",),
        tuple(
            f"tests/{name}"
            for name in ("test_arbiter.py", "test_config.py", "test_http.py", "test_logger.py")
        ),
    ),
)
FASTAPI = (
    Suite("fastapi", "starlette", PLAIN),
    Suite("fastapi", "pydantic-core", PLAIN, ("tests/validators", "tests/serializers")),
    Suite(
        "fastapi",
        "pydantic",
        PLAIN,
        (
            "tests/test_main.py",
            "tests/test_json_schema.py",
            "tests/test_types.py",
            "tests/test_networks.py",
            "tests/test_dataclasses.py",
        ),
    ),
    Suite(
        "fastapi",
        "uvicorn",
        PLAIN,
        ("-oaddopts=", "tests/protocols", "tests/middleware", "tests/test_config.py"),
    ),
)
DJANGO = (
    Suite("django", "asgiref", ("tests", "setup.cfg")),
    Suite(
        "django",
        "sqlparse",
        PLAIN,
        differences={"encod": ENCODINGS},
        not_there={"encodings.*": ENCODINGS},
    ),
)
DATA = (Suite("data", "waitress", PLAIN, ("tests", "--ignore=tests/test_functional.py")),)
WORKER = (
    Suite("worker", "vine", ("t",), ("t/unit",)),
    Suite("worker", "amqp", ("t",), ("t/unit",)),
    Suite("worker", "kombu", ("t", PYPROJECT), ("t/unit",)),
    Suite("worker", "celery", ("t", PYPROJECT), ("t/unit/app", "t/unit/tasks", "t/unit/worker")),
)
TOKENS = (
    Suite("tokens", "pyjwt", PLAIN),
    Suite(
        "tokens",
        "cryptography",
        PLAIN,
        ("tests/x509", "tests/test_fernet.py", "tests/hazmat/primitives/test_aead.py"),
    ),
)
PICTURES = (
    Suite("pictures", "bottle", ("test",), ("test",)),
    Suite(
        "pictures",
        "lxml",
        ("src/lxml/tests",),
        (
            "src/lxml/tests/test_etree.py",
            "src/lxml/tests/test_objectify.py",
            "src/lxml/tests/test_xslt.py",
        ),
    ),
    Suite(
        "pictures",
        "pillow",
        ("Tests", PYPROJECT),
        (
            "Tests/test_image.py",
            "Tests/test_file_png.py",
            "Tests/test_file_jpeg.py",
            "Tests/test_file_tiff.py",
            "Tests/test_imagefont.py",
            "Tests/test_imagedraw.py",
        ),
    ),
)
SITE = (Suite("site", "markdown", ("tests",)),)
CHAT = (
    Suite(
        "chat",
        "hypercorn",
        PLAIN,
        ("-oaddopts=", "tests/protocol", "tests/asyncio", "tests/middleware"),
    ),
)
LIBRARY = (
    Suite(
        "library",
        "djangorestframework",
        ("tests",),
        not_there={"encodings.*": ENCODINGS},
    ),
)

SUITES = (
    *FLASK_HELLO,
    *FASTAPI,
    *DJANGO,
    *DATA,
    *WORKER,
    *TOKENS,
    *PICTURES,
    *SITE,
    *CHAT,
    *LIBRARY,
)
