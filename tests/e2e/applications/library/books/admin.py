from django.contrib import admin

from books.models import Author, Book


@admin.register(Book)
class BookAdmin(admin.ModelAdmin):
    list_display = ("title", "price", "added")
    list_filter = ("added", "authors")
    search_fields = ("title", "authors__name")
    autocomplete_fields = ("authors",)
    date_hierarchy = "added"
    actions = ("free",)

    @admin.action(description="Make free")
    def free(self, request, queryset):
        self.message_user(request, f"{queryset.update(price=0)} made free")


@admin.register(Author)
class AuthorAdmin(admin.ModelAdmin):
    search_fields = ("name",)
