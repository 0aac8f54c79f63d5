from django.contrib import admin
from django.contrib.sitemaps.views import sitemap
from django.urls import include, path
from rest_framework import routers
from rest_framework.authtoken.views import obtain_auth_token

from books import views

router = routers.DefaultRouter()
router.register("books", views.BookApi)

urlpatterns = [
    path("health", views.health),
    path("", views.Books.as_view(), name="books"),
    path("books/<int:pk>/", views.OneBook.as_view(), name="book"),
    path("books/new/", views.NewBook.as_view(), name="new"),
    path("books.csv", views.table),
    path("feed/", views.Latest()),
    path("sitemap.xml", sitemap, {"sitemaps": {"books": views.BookMap}}, name="sitemap"),
    path("fail", views.fail),
    path("api/", include(router.urls)),
    path("api-token/", obtain_auth_token),
    path("accounts/", include("django.contrib.auth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/doc/", include("django.contrib.admindocs.urls")),
    path("admin/", admin.site.urls),
]
