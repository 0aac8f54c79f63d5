from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class Author(models.Model):
    name = models.CharField(_("name"), max_length=100)

    def __str__(self):
        return self.name


class Book(models.Model):
    title = models.CharField(_("title"), max_length=200)
    isbn = models.CharField(max_length=13, blank=True, validators=[RegexValidator(r"^(\d{13})?$")])
    authors = models.ManyToManyField(Author, blank=True)
    price = models.DecimalField(max_digits=7, decimal_places=2, default=0)
    summary = models.TextField(blank=True)
    details = models.JSONField(default=dict, blank=True)
    added = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("pk",)
        verbose_name = _("book")
        verbose_name_plural = _("books")

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("book", args=(self.pk,))
