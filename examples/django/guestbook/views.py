from django.db import connection
from django.http import JsonResponse
from django.urls import reverse_lazy
from django.views.generic import CreateView

from guestbook.models import Entry

SHOWN = 50


class EntryList(CreateView):
    """The newest entries, and the form for another one."""

    model = Entry
    fields = ("name", "text")
    success_url = reverse_lazy("entries")
    template_name = "guestbook/entries.html"

    def get_context_data(self, **kwargs):
        visits = self.request.session.get("visits", 0) + 1
        self.request.session["visits"] = visits
        return super().get_context_data(
            entries=Entry.objects.all()[:SHOWN], visits=visits, **kwargs
        )

    def form_valid(self, form):
        self.request.session["name"] = form.cleaned_data["name"]
        return super().form_valid(form)

    def get_initial(self):
        return {"name": self.request.session.get("name", "")}


def health(request):
    """Up, and the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        (version,) = cursor.fetchone()
    return JsonResponse({"status": "ok", "database": version})
