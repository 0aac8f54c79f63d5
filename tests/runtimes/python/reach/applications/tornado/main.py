"""Tornado: a handler named by a string, a request, an implementation named by a string."""

import asyncio

import tornado
from tornado.httpclient import AsyncHTTPClient
from tornado.util import import_object
from tornado.web import Application, RequestHandler


class Hello(RequestHandler):
    def get(self):
        self.render("page.html", name="you")


async def main():
    application = Application([("/", "main.Hello")], template_path=".")
    server = application.listen(0, "127.0.0.1")
    AsyncHTTPClient.configure("tornado.simple_httpclient.SimpleAsyncHTTPClient")
    port = next(iter(server._sockets.values())).getsockname()[1]
    answer = await AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}/")
    assert answer.body == b"<p>you</p>\n", answer.body
    assert import_object("tornado.escape.utf8")("a") == b"a"
    assert tornado.locale.get("en")
    server.stop()


if __name__ == "__main__":
    asyncio.run(main())
