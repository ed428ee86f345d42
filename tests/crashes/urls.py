"""The shop's addresses, and one that does what cron does: runs a command, in a process that can be killed."""

from django.core.management import call_command
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from tests.urls import urlpatterns as shop_urlpatterns


@csrf_exempt
@transaction.non_atomic_requests
def run(request: HttpRequest, command: str) -> HttpResponse:
    call_command(command)
    return HttpResponse("done")


urlpatterns = [path("run/<slug:command>/", run), *shop_urlpatterns]
