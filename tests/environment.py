"""Environment of the tests: set before Django reads its settings. Import this module first."""

import os
from pathlib import Path

import django

from tracetrack.db.embedded import cluster

ROOT = Path(__file__).resolve().parent.parent
# Separate from the cluster of `make run`, so that no test touches its data.
CLUSTER = ROOT / ".local" / "pg-test"
OWN_CLUSTER = not os.environ.get("DATABASE_URL")

# pytest-xdist workers inherit these variables.
if OWN_CLUSTER:
    os.environ["DATABASE_URL"] = cluster.url(CLUSTER)
    os.environ["DB_SERVER_CONNECTIONS"] = "300"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracetrack.settings")
os.environ.setdefault("SECRET_KEY", "only-for-tests-only-for-tests-only-for-tests")
os.environ.setdefault("ALLOWED_HOSTS", "localhost,127.0.0.1,testserver")
os.environ.setdefault("HTTPS", "false")
os.environ.setdefault("STATIC_HASHED", "false")
django.setup()
