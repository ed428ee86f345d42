"""How gunicorn runs the shop of the crash tests. Where it listens, tests.crashes.server says."""

import ctypes
import signal
import sys

wsgi_app = "tests.crashes.wsgi"
# Loaded by the master, so that the worker that follows a killed one has everything at hand.
preload_app = True
workers = 1
# Of a request; whoever is stopped as if it hung would die at a step of its own.
timeout = 100
graceful_timeout = 1
# From version 25 on; not among the files of whoever runs the tests.
control_socket_disable = True

if sys.platform == "linux":
    # With the test run, should that be killed itself.
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
