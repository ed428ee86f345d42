from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

View = Callable[[HttpRequest], HttpResponse]


def strict(view: View) -> View:
    def answer(request: HttpRequest) -> HttpResponse:
        response = view(request)
        response["Content-Security-Policy"] = "default-src 'self'"
        return response

    return answer
