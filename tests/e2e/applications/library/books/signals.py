import logging

from django.db.models.signals import post_save
from django.dispatch import receiver

from books.models import Book


@receiver(post_save, sender=Book)
def told(sender, instance, created, **kwargs):
    logging.getLogger("books").info("%s %s", "added" if created else "changed", instance)
