import zoneinfo

from django.utils import timezone


def zone(get_response):
    def middleware(request):
        name = request.GET.get("zone")
        if name:
            timezone.activate(zoneinfo.ZoneInfo(name))
        else:
            timezone.deactivate()
        return get_response(request)

    return middleware
