"""Gunicorn's configuration: what the project needs once, before the first worker."""

import os

worker_tmp_dir = "/dev/shm"


def on_starting(server):
    import django
    from django.core.management import call_command

    django.setup()
    call_command("check", deploy=True)
    call_command("migrate", verbosity=0)
    call_command("loaddata", "first")
    call_command("createsuperuser", interactive=False)
    call_command("restock", os.environ["SHELF_URL"])
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("dumpdata", "books", format="json", output="/tmp/books.json")
    call_command("dumpdata", "books", format="xml", output="/tmp/books.xml")
    call_command("showmigrations")
    call_command("sqlmigrate", "books", "0001")
    call_command("clearsessions")
    call_command("sendtestemail", "somebody@site.example")
