"""A redirect that is always followed with GET."""

from django.http import HttpResponseRedirect


class SeeOther(HttpResponseRedirect):
    """303: what was posted is done, go and look there."""

    status_code = 303
