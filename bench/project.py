"""The product's settings with additional URLs to compare with."""

from tracetrack import settings as product

globals().update({name: getattr(product, name) for name in dir(product) if name.isupper()})
ROOT_URLCONF = "bench.urls"
