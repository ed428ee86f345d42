"""Any of the projects, as gunicorn loads it: once, and forked for every worker."""

from django.core.wsgi import get_wsgi_application
from django.db import connections

application = get_wsgi_application()
# No connection may be shared by processes.
connections.close_all()
