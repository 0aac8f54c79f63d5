"""Forms, sessions, the admin, static files and translations, with PostgreSQL behind TLS."""

from __future__ import annotations

import re

from tests.e2e.workloads.base import AUTHORITY_PATH, Surroundings, Workload
from tests.support.browser import Browser

PASSWORD = "correct horse battery"


class DjangoWorkload(Workload):
    example = "django"
    preparations = (
        ("python3", "manage.py", "migrate"),
        ("python3", "manage.py", "createsuperuser", "--noinput"),
    )

    def environment(self, around: Surroundings) -> dict[str, str]:
        assert around.database is not None
        return {
            "SECRET_KEY": "only for this test",
            "DATABASE_URL": around.database.create(AUTHORITY_PATH),
            "ALLOWED_HOSTS": "*",
            "TIME_ZONE": "Europe/Berlin",
            # For createsuperuser.
            "DJANGO_SUPERUSER_USERNAME": "admin",
            "DJANGO_SUPERUSER_EMAIL": "admin@site.example",
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        }

    def exercise(self, browser: Browser, around: Surroundings) -> None:
        assert re.match(r"\d+", browser.get("/health").json()["database"])
        self._guestbook(browser)
        self._static(browser)
        self._admin(browser)
        page = browser.get("/nowhere")
        assert page.status == 404
        assert "Not Found" in page.text

    def _guestbook(self, browser: Browser) -> None:
        first = browser.get("/")
        assert first.status == 200, first.text
        written = browser.post_form("/", name="Łukasz", text="Dzień dobry\n<script>")
        assert written.status == 200, written.text
        assert "Dzień dobry<br>&lt;script&gt;" in written.text
        assert re.search(r"Łukasz, \d{4}-\d\d-\d\dT[\d:.]+\+0[12]:00", written.text)
        assert 'value="Łukasz"' in written.text, "the session did not keep the name"
        visits = [int(n) for p in (first, written) for n in re.findall(r"Visit (\d+)", p.text)]
        assert visits[1] == visits[0] + 1
        assert "errorlist" in browser.post_form("/", name="", text="").text
        forged = Browser(browser.url).post_form("/", name="a", text="b")
        assert forged.status == 403

    def _static(self, browser: Browser) -> None:
        for path in ("guestbook/style.css", "admin/css/base.css", "admin/img/icon-yes.svg"):
            answer = browser.get(f"/static/{path}")
            assert answer.status == 200, path
            assert answer.body

    def _admin(self, browser: Browser) -> None:
        german = browser.get("/admin/login/", headers={"Accept-Language": "de"})
        assert "Anmelden" in german.text
        page = browser.post_form("/admin/login/?next=/admin/", username="admin", password=PASSWORD)
        assert page.url.endswith("/admin/"), page.text
        assert "Entries" in page.text
        entries = browser.get("/admin/guestbook/entry/?q=dobry")
        assert "Łukasz" in entries.text
        assert browser.get("/admin/guestbook/entry/999/change/").status in (200, 404)
