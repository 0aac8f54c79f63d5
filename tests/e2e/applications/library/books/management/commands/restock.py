"""Reads books from a table (CSV, from standard input or a URL) into the database."""

import csv
import io
import urllib.request

from django.core.management.base import BaseCommand, CommandError

from books.models import Author, Book


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("url")

    def handle(self, *args, url, **options):
        try:
            with urllib.request.urlopen(url) as answer:
                text = answer.read().decode()
        except OSError as error:
            raise CommandError(str(error)) from error
        for row in csv.DictReader(io.StringIO(text)):
            book = Book.objects.create(title=row["title"], price=row["price"])
            book.authors.add(Author.objects.get_or_create(name=row["author"])[0])
        self.stdout.write(self.style.SUCCESS(f"{Book.objects.count()} books"))
