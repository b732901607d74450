"""The product's settings, and beside its addresses those of the ways it is compared with."""

from tracetrack import settings as product

globals().update({name: getattr(product, name) for name in dir(product) if name.isupper()})
ROOT_URLCONF = "bench.urls"
