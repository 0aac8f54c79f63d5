import csv

from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.sitemaps import Sitemap
from django.contrib.syndication.views import Feed
from django.core.cache import cache
from django.http import HttpResponse, JsonResponse
from django.views import generic
from rest_framework import serializers, viewsets

from books.models import Book


def health(request):
    cache.set("health", cache.get("health", 0) + 1)
    return JsonResponse({"books": Book.objects.count()})


def fail(request):
    raise RuntimeError("on purpose")


def table(request):
    response = HttpResponse(content_type="text/csv")
    csv.writer(response).writerows(Book.objects.values_list("title", "price"))
    return response


class Books(generic.ListView):
    model = Book
    paginate_by = 10


class OneBook(generic.DetailView):
    model = Book


class NewBook(LoginRequiredMixin, generic.CreateView):
    model = Book
    fields = ("title", "isbn", "price", "summary")


class Latest(Feed):
    title = "Latest books"
    link = "/"

    def items(self):
        return Book.objects.order_by("-added")[:5]


class BookMap(Sitemap):
    def items(self):
        return Book.objects.all()


class BookSerializer(serializers.ModelSerializer):
    class Meta:
        model = Book
        fields = ("id", "title", "isbn", "price", "details", "added")


class BookApi(viewsets.ModelViewSet):
    queryset = Book.objects.all()
    serializer_class = BookSerializer
    filterset_fields = ("isbn",)
    search_fields = ("title",)
