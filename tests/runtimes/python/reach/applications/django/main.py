"""Django: migrations, admin, sessions, templates, static files, checks, a translated page."""

import io
import os
from wsgiref.util import setup_testing_defaults

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def visit(application, path, **extra):
    environ = {"PATH_INFO": path, "HTTP_HOST": "localhost", **extra}
    setup_testing_defaults(environ)
    environ["HTTP_HOST"] = "localhost"
    status = []
    body = application(environ, lambda line, headers: status.append(line))
    content = b"".join(body)
    body.close() if hasattr(body, "close") else None
    return status[0], content


if __name__ == "__main__":
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    call_command("migrate", verbosity=0)
    call_command("check")
    call_command("dumpdata", stdout=io.StringIO())
    assert visit(application, "/admin/login/", HTTP_ACCEPT_LANGUAGE="de")[0].startswith("200")
    assert visit(application, "/admin/")[0].startswith("302")
    assert visit(application, "/missing")[0].startswith("404")
    assert visit(application, "/static/admin/css/base.css")[0].startswith("200")
    from django.contrib.auth.models import User

    user = User.objects.create_user("a", password="b")
    assert user.check_password("b")
