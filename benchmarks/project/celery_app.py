"""For those that leave events to workers."""

import os

from celery import Celery

app = Celery("shop", broker=os.environ["CELERY_BROKER_URL"], set_as_current=False)
app.conf.broker_transport_options = {"max_retries": 0, "socket_timeout": 5}
