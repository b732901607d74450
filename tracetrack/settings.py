"""All settings of Django and of TraceTrack. docs/settings.md explains the variables."""

import os
from pathlib import Path

from csp.constants import NONCE, NONE, SELF

from tracetrack import env, logs
from tracetrack.db.embedded import cluster

BASE_DIR = Path(__file__).resolve().parent.parent

# Without DATABASE_URL this is a local installation with the embedded database, a generated key and
# local host names. With it, the settings that matter for security are required.
LOCAL = not env.is_set("DATABASE_URL")
DATA = env.folder("DATA", default=BASE_DIR / ".local")
# Before other required settings, so that an invalid URL is reported first.
DATABASE = env.postgres("DATABASE_URL", default=cluster.url(DATA / "pg"))
DEBUG = env.boolean("DEBUG", default=False)
HTTPS = env.boolean("HTTPS", default=not LOCAL)

SECRET_KEY = env.secret(
    "SECRET_KEY", default=env.persisted_secret(DATA / "secret-key") if LOCAL else None
)
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = env.listing("ALLOWED_HOSTS", default=LOCAL_HOSTS if LOCAL else None)
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")
FORWARDED_ALLOW_IPS = env.networks("FORWARDED_ALLOW_IPS")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "procrastinate.contrib.django",
    "tracetrack",
    "accounts",
    "audit",
    "bags",
    "scans",
    "webhooks",
    "graphql_api",
    "dashboard",
    "demo",
]
MIDDLEWARE = [
    "tracetrack.api.headers_middleware.ApiHeadersMiddleware",
    "tracetrack.errors.handler.RequestIdMiddleware",
    "tracetrack.ops.metrics.TimingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "dashboard.pages.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "tracetrack.urls"
WSGI_APPLICATION = "tracetrack.wsgi.application"
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
UPLOAD_MEGABYTES = env.integer("UPLOAD_MEGABYTES", default=32, at_least=1, at_most=1024)
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.pages.context_processors.areas",
            ],
        },
    }
]

# The web server. gunicorn.conf.py uses these.
WORKERS = env.integer("WORKERS", default=min(os.cpu_count() or 1, 8), at_least=1, at_most=64)
THREADS = env.integer("THREADS", default=320, at_least=1, at_most=1024)
# Answer requests for cached views before Django's middleware (tracetrack/server/fastpath.py).
FAST_PATH = env.boolean("FAST_PATH", default=True)

# The database: DATABASE_URL, or the embedded server, which manage.py and tests/conftest.py start.
# DB_POOL_BASE connections of all processes together stay open, DB_POOL_EXTRA more are opened under
# load.
DB_SERVER_CONNECTIONS = env.integer(
    "DB_SERVER_CONNECTIONS", default=300 if LOCAL else 100, at_least=30, at_most=10_000
)
# For the webhook worker, migrations, psql, backups and PostgreSQL's reserve of 3; also two for each
# process besides its pool: LISTEN and token prefetch.
DB_SPARE_CONNECTIONS = 20 + 2 * WORKERS
DB_POOL_LIMIT = max(0, DB_SERVER_CONNECTIONS - DB_SPARE_CONNECTIONS)
DB_POOL_BASE = env.integer(
    "DB_POOL_BASE", default=8 if LOCAL else min(100, DB_POOL_LIMIT), at_least=0, at_most=10_000
)
DB_POOL_EXTRA = env.integer(
    "DB_POOL_EXTRA",
    default=max(0, min(250, DB_POOL_LIMIT) - DB_POOL_BASE),
    at_least=0,
    at_most=10_000,
)
# The share of one process, for up to a third of its threads. Half of the threads may wait for a
# connection; the others reject requests with 503 at once.
DB_POOL_MAX = max(1, min((DB_POOL_BASE + DB_POOL_EXTRA) // WORKERS, THREADS // 3))
DB_POOL_MIN = min(DB_POOL_BASE // WORKERS, DB_POOL_MAX)
DB_POOL_WAITING = env.integer(
    "DB_POOL_WAITING", default=max(1, THREADS // 2), at_least=1, at_most=10_000
)
DB_POOL_SECONDS = env.seconds("DB_POOL_SECONDS", default=30)
DB_POOL_LIFETIME = env.seconds("DB_POOL_LIFETIME", default=3600)
DB_STATEMENT_SECONDS = env.seconds("DB_STATEMENT_SECONDS", default=30)
DB_LOCK_SECONDS = env.seconds("DB_LOCK_SECONDS", default=5)
DB_IDLE_SECONDS = env.seconds("DB_IDLE_SECONDS", default=60)
DATABASES = {"default": DATABASE | {"ENGINE": "tracetrack.db.backend", "CONN_MAX_AGE": 0}}
DATABASES["default"]["OPTIONS"] |= {
    "application_name": "tracetrack",
    # Allows several attempts within DB_POOL_SECONDS.
    "connect_timeout": 10,
    # With time-outs a scanner gets an error instead of hanging, and an idle transaction releases
    # its locks. With generic plans PostgreSQL does not plan queries with array parameters inside
    # functions on each call.
    "options": f"-c statement_timeout={DB_STATEMENT_SECONDS * 1000:.0f}"
    f" -c lock_timeout={DB_LOCK_SECONDS * 1000:.0f}"
    f" -c idle_in_transaction_session_timeout={DB_IDLE_SECONDS * 1000:.0f}"
    " -c plan_cache_mode=force_generic_plan",
    "pool": {
        # A command needs one connection. The web server raises this to DB_POOL_MIN when it starts.
        "min_size": min(1, DB_POOL_MIN),
        "max_size": DB_POOL_MAX,
        "timeout": DB_POOL_SECONDS,
        "reconnect_timeout": DB_POOL_SECONDS,
        "max_lifetime": DB_POOL_LIFETIME,
        "max_waiting": DB_POOL_WAITING,
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The cache. The short time-out limits the delay by a Redis that does not answer.
REDIS_URL = env.redis("REDIS_URL")
REDIS_SECONDS = env.seconds("REDIS_SECONDS", default=0.1)
CACHES: dict[str, dict[str, object]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "default",
        "OPTIONS": {"MAX_ENTRIES": 1000},
    },
    "limits": {
        "BACKEND": "tracetrack.cache.ratelimit_store.RateLimitStore",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "tracetrack",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    },
}
if REDIS_URL:
    REDIS_OPTIONS = {"SOCKET_TIMEOUT": REDIS_SECONDS, "SOCKET_CONNECT_TIMEOUT": REDIS_SECONDS}
    CACHES["default"] = {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "tracetrack",
        "OPTIONS": REDIS_OPTIONS,
    }
RATELIMIT_USE_CACHE = "limits"
# If counting fails, requests are allowed.
RATELIMIT_FAIL_OPEN = True
# Requests per period and token, user (with a session) or network (without authentication).
RATE_LIMITS = env.rates(
    "RATE_LIMITS",
    default={
        "dashboard": "120000/1m",
        "read": "30000/1m",
        "search": "12000/1m",
        "stream": "120/1m",
        "scan": "12000/1m",
        "bulk": "120/1m",
        "manage": "600/1m",
        "anonymous": "600/1m",
    },
)
CACHE_SECONDS = {
    "dashboard": env.seconds("CACHE_DASHBOARD_SECONDS", default=30),
    "bags": env.seconds("CACHE_BAGS_SECONDS", default=60),
    "recent": env.seconds("CACHE_RECENT_SECONDS", default=10),
    "search": env.seconds("CACHE_SEARCH_SECONDS", default=120),
    "user_stats": env.seconds("CACHE_USER_STATS_SECONDS", default=300),
}

# The worker loads the tasks; the web server does not need them.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
PROCRASTINATE_IMPORT_PATHS = ["webhooks.tasks"]
# Webhooks: allowed URLs, time-out of one delivery, days of retries, parallel deliveries.
WEBHOOK_HTTP = env.boolean("WEBHOOK_HTTP", default=False)
WEBHOOK_PORTS = env.listing("WEBHOOK_PORTS", default=["443", "8443"])
WEBHOOK_NETWORKS = env.networks("WEBHOOK_NETWORKS")
WEBHOOK_SECONDS = env.seconds("WEBHOOK_SECONDS", default=10, at_most=60)
WEBHOOK_DAYS = env.integer("WEBHOOK_DAYS", default=3, at_least=1, at_most=30)
WEBHOOK_AT_ONCE = env.integer("WEBHOOK_AT_ONCE", default=8, at_least=1, at_most=64)

# Authentication. Sessions are in the database, so that a log-out is effective in all processes.
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.RoleBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
CSRF_FAILURE_VIEW = "tracetrack.errors.handler.csrf_failure"
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_AGE = 3600 * env.integer("SESSION_HOURS", default=12, at_least=1, at_most=720)
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["tracetrack.api.json_parser.StrictJSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.TokenAuthentication",
        "tracetrack.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["tracetrack.api.permissions.HasModelPermission"],
    "DEFAULT_THROTTLE_CLASSES": ["tracetrack.api.throttling.RateLimitThrottle"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "tracetrack.api.negotiation.FormatNegotiation",
    "DEFAULT_SCHEMA_CLASS": "tracetrack.openapi.schema.ApiSchema",
    "EXCEPTION_HANDLER": "tracetrack.api.exception_handler.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "TraceTrack",
    "DESCRIPTION": "Where each bag is, what it contains, where it has been and who handled it.",
    "VERSION": "3.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVERS": [{"url": "/"}],
    "SCHEMA_PATH_PREFIX": "/api/v3/",
    "SERVE_INCLUDE_SCHEMA": False,
    "SORT_OPERATION_PARAMETERS": False,
    "POSTPROCESSING_HOOKS": [
        "webhooks.api.event_schemas.add_event_schemas",
        "tracetrack.openapi.document.complete_document",
    ],
}

# Security headers and cookies.
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# W005, W021: only the owner of the domain can decide about HSTS for subdomains and preloading.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
X_FRAME_OPTIONS = "DENY"
STATIC_CDN = env.origin("STATIC_CDN")
FILES = [SELF, STATIC_CDN] if STATIC_CDN else [SELF]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": FILES,
        "script-src": [*FILES, NONCE],
        "style-src": [*FILES, NONCE],
        "img-src": [*FILES, "data:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# Language and time. Times are stored in UTC; business days are days of BUSINESS_TIME_ZONE.
LANGUAGE_CODE = "en-in"
LANGUAGES = [("en", "English"), ("hi", "हिन्दी")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "tt-language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SAMESITE = True, "Lax"
LANGUAGE_COOKIE_SECURE = HTTPS
USE_TZ = True
TIME_ZONE = "UTC"
BUSINESS_TIME_ZONE = env.zone("BUSINESS_TIME_ZONE", default="Asia/Kolkata")

# Static files. Hashed names need collectstatic; otherwise files are served from the apps.
STATIC_HASHED = env.boolean("STATIC_HASHED", default=not DEBUG)
STATIC_URL = f"{STATIC_CDN}/static/"
STATIC_ROOT = env.folder("STATIC_ROOT", default=BASE_DIR / "staticfiles")
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = not STATIC_HASHED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "tracetrack.server.static_storage.HashedStaticFiles"
        if STATIC_HASHED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

LOG_LEVEL = env.choice(
    "LOG_LEVEL", default="INFO", among=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
)
LOGGING = logs.to_stderr(LOG_LEVEL)
