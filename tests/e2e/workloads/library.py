"""Management commands, the admin in two languages, an API that can be browsed, mail, feeds."""

from __future__ import annotations

import re

from tests.e2e.workloads.base import Surroundings, Workload
from tests.support.browser import Browser

PASSWORD = "correct horse battery"
SHELF = "title,author,price\nKongress,Stanisław Lem,7.50\nNiemożliwe,Stanisław Lem,0\n"


class LibraryWorkload(Workload):
    example = "library"

    def environment(self, around: Surroundings) -> dict[str, str]:
        around.service.pages["/shelf.csv"] = SHELF.encode()
        return {
            "SECRET_KEY": "only for this test",
            "DJANGO_SETTINGS_MODULE": "library.settings",
            "SHELF_URL": f"{around.service.url}/shelf.csv",
            "DJANGO_SUPERUSER_USERNAME": "admin",
            "DJANGO_SUPERUSER_EMAIL": "admin@site.example",
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        }

    def exercise(self, browser: Browser, around: Surroundings) -> None:
        assert browser.get("/health").json() == {"books": 3}
        self._pages(browser)
        self._admin(browser)
        self._api(browser)
        self._errors(browser)

    def _pages(self, browser: Browser) -> None:
        page = browser.get("/", headers={"Accept-Language": "de"}).text
        assert "Bücherei" in page
        assert "3 Bücher" in page
        assert "9,90" in page
        one = browser.get("/books/1/?zone=Asia/Kolkata").text
        assert '<h1 id="about">About</h1>' in one
        assert "<table>" in one
        assert "+05:30" in one
        assert browser.get("/books.csv").text.startswith("Solaris,9.90")
        assert "<rss" in browser.get("/feed/").text
        assert "/books/1/" in browser.get("/sitemap.xml").text
        for path in ("books/style.css", "admin/css/base.css", "rest_framework/css/default.css"):
            assert browser.get(f"/static/{path}").status == 200, path
        for language in ("de", "ja", "pl", "ar", "zh-hans", "pt-br"):
            assert browser.get("/admin/login/", headers={"Accept-Language": language}).status == 200

    def _admin(self, browser: Browser) -> None:
        assert browser.get("/books/new/").url.endswith("/admin/login/?next=/books/new/")
        page = browser.post_form("/admin/login/?next=/admin/", username="admin", password=PASSWORD)
        assert page.url.endswith("/admin/"), page.text
        for path in (
            *("books/book/", "books/book/add/", "books/book/1/change/", "books/book/1/history/"),
            *("books/book/?q=sol&added__year=2026", "auth/user/", "auth/user/1/change/", "jsi18n/"),
            *("doc/", "doc/models/books.book/", "doc/tags/", "doc/filters/", "doc/views/"),
            *("books/book/1/delete/", "password_change/"),
            "autocomplete/?app_label=books&model_name=book&field_name=authors&term=lem",
        ):
            assert browser.get(f"/admin/{path}").status == 200, path
        made = browser.post_form("/books/new/", title="Golem", isbn="12", price="1", summary="")
        assert "errorlist" in made.text
        made = browser.post_form("/books/new/", title="Golem", isbn="", price="1.5", summary="*x*")
        assert "<em>x</em>" in made.text
        acted = browser.post_form("/admin/books/book/", action="free", _selected_action="1")
        assert "1 made free" in acted.text
        mailed = browser.post_form("/accounts/password_reset/", email="admin@site.example")
        assert mailed.status == 200

    def _api(self, browser: Browser) -> None:
        assert browser.get("/api/books/?format=json").json()["count"] == 4
        assert browser.get("/api/books/?search=kong&format=json").json()["count"] == 1
        assert browser.get("/api/books/?isbn=9780156027601&format=json").json()["count"] == 1
        shown = browser.get("/api/books/1/", headers={"Accept": "text/html"})
        assert "Django REST framework" in shown.text
        credentials = {"username": "admin", "password": PASSWORD}
        stranger = Browser(browser.url)
        token = stranger.post_json("/api-token/", credentials).json()["token"]
        assert stranger.post_json("/api/books/", {"title": "x"}).status == 401
        body = b'{"title": "Fiasko", "price": "3", "details": {"pages": 1}}'
        headers = {"Authorization": f"Token {token}"}
        answer = stranger.post("/api/books/", body, "application/json", **headers)
        assert answer.status == 201, answer.text

    def _errors(self, browser: Browser) -> None:
        assert browser.get("/nowhere").status == 404
        assert browser.get("/fail").status == 500
        assert browser.get("/?zone=No/Where").status == 500
        assert browser.get("/?page=99").status == 404
        assert re.search(
            "Forbidden", Browser(browser.url).post("/i18n/setlang/", b"", "text/plain").text
        )
