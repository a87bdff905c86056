"""All settings, from the environment. docs/settings.md lists the variables."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from kombu import Queue

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()

# --- what the installation says --------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
# Signs manage, desk and press links. Apart from SECRET_KEY, which may be rotated
# without breaking every link that was ever mailed.
LINK_KEY = env.str("LINK_KEY", default=SECRET_KEY)
PUBLIC_URL = env.str("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
HTTPS = PUBLIC_URL.startswith("https://")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[urlsplit(PUBLIC_URL).hostname or "localhost"])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
SHOW_SAMPLE_HINTS = env.bool("SHOW_SAMPLE_HINTS", default=False)
# Reverse proxies in front of us whose X-Forwarded-For may be believed.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
# Attempts to register for one meeting from one address within ten minutes.
REGISTRATIONS_PER_ADDRESS = env.int("REGISTRATIONS_PER_ADDRESS", default=600)
# Mails to one address that strangers may cause within an hour, and within a day.
MAILS_AN_HOUR = env.int("MAILS_AN_HOUR", default=3)
MAILS_A_DAY = env.int("MAILS_A_DAY", default=6)

INSTALLED_APPS = [
    "config.apps.PorchConfig",
    "accounts",
    "events",
    "notifications",
    "registrations",
    "attendance",
    "badges",
    "reports",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "config.apps.OwnStaticFilesConfig",
    "django.forms",
    "allauth",
    "allauth.account",
    "csp",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.legible.LegibleMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.failures.RefusalMiddleware",
]
ROOT_URLCONF = "config.urls"
# Fields are drawn by config/templates/django/forms/field.html everywhere.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.language.context",
            ],
        },
    }
]

# --- PostgreSQL ------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL")}
# A connection is kept by its thread: opening one costs more than the whole request
# (docs/decisions/0001-web-server.md), and checked so that a restart is not noticed.
DATABASES["default"] |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
DATABASES["default"].setdefault("OPTIONS", {})
# Nobody waits for a lock for ever: a request that would is refused in words instead.
DATABASES["default"]["OPTIONS"] |= {
    "connect_timeout": 5,
    "options": "-c lock_timeout=5000",
    # A statement that comes again is planned once a connection: planning was half of what
    # PostgreSQL did for a registration (docs/decisions/0001-web-server.md).
    "server_side_binding": True,
    "prepare_threshold": 5,
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Redis is a broker and nothing else; what is cached is cached in the process.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- who signs in ----------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_ADAPTER = "accounts.signin.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.SignInForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "reset_password": "accounts.forms.ForgottenPasswordForm",
    "reset_password_from_key": "accounts.forms.NewPasswordForm",
}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
# The page says the same either way; strangers get no mail because somebody typed them in.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = True
# The throttles of the sign-in count by the same address as everything else.
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "manage"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"

# --- languages, times ------------------------------------------------------------
LANGUAGE_CODE = env.str("DEFAULT_LANGUAGE", default="ru")
LANGUAGES = [("en", "English"), ("ru", "Русский")]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

# --- files -----------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
FILE_UPLOAD_HANDLERS = ["config.uploads.NoFiles"]

# --- security --------------------------------------------------------------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# A manage link is a key: it must not travel in a Referer header.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "config.views.form_expired"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- mail ------------------------------------------------------------------------
_EMAIL = env.email_url("EMAIL_URL", default="smtp://127.0.0.1:25")
vars().update(_EMAIL)
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=30)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="meetings@example.org")
MAIL_DOMAIN = DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
# Where mails that cannot be delivered come back to (the envelope's sender); empty: to the
# address they come from. And where the program reads them, see docs/mail.md.
BOUNCE_ADDRESS = env.str("BOUNCE_ADDRESS", default="")
BOUNCE_MAILBOX = env.str("BOUNCE_MAILBOX", default="")
# Through which provider mail goes, as django-anymail calls it ("mailgun", "unisender_go"), its
# keys, and "user:password" of the address at which it reports what became of mails.
EMAIL_PROVIDER = env.str("EMAIL_PROVIDER", default="")
# How mail leaves: "smtp" to the server in EMAIL_URL, "api" to the provider's interface.
EMAIL_TRANSPORT = env.str("EMAIL_TRANSPORT", default="smtp")
# Its keys one by one, or all as JSON.
_KEYS = {name for key in os.environ if (name := key.removesuffix("_FILE")).startswith("ANYMAIL_")}
ANYMAIL = (
    env.json("ANYMAIL", default={})
    | {key.removeprefix("ANYMAIL_"): env.str(key).strip() for key in sorted(_KEYS)}
    | {"WEBHOOK_SECRET": env.str("MAIL_EVENTS_SECRET", default="")}
)
# Where the provider's or the mail server's DKIM keys are, if not where they usually are.
MAIL_DKIM_SELECTORS = env.list("MAIL_DKIM_SELECTORS", default=[])
# Whom the check of the mail's DNS records asks; empty: whom everything on this machine asks.
DNS_SERVERS = env.list("DNS_SERVERS", default=[])
# How often workers are told to look for mail, whatever the bell did (seconds).
MAIL_SWEEP_SECONDS = env.int("MAIL_SWEEP_SECONDS", default=10)
# How long a worker may hold a message before another takes it over (seconds).
# Above the sum of the SMTP timeouts of one mail; tests use less.
MAIL_LEASE_SECONDS = env.int("MAIL_LEASE_SECONDS", default=300)
# How long to wait for the mail server (seconds): to connect, for the answer to the last
# dot, and in between EMAIL_TIMEOUT for each command.
MAIL_CONNECT_SECONDS = env.int("MAIL_CONNECT_SECONDS", default=10)
MAIL_LAST_DOT_SECONDS = env.int("MAIL_LAST_DOT_SECONDS", default=120)
# A mail whose fate is unknown is repeated once after this long (seconds).
MAIL_UNCERTAIN_SECONDS = env.int("MAIL_UNCERTAIN_SECONDS", default=900)
# How much may leave in a minute: to the mail server ("relay"), to the receivers of a family
# ("mail.ru", "yandex", "gmail"), to one domain by name, to each other one ("other"). A server
# on this very machine paces what it passes on better than we could.
_RELAY_IS_HERE = EMAIL_TRANSPORT == "smtp" and _EMAIL["EMAIL_HOST"] in (
    *("127.0.0.1", "localhost", "::1"),
)
_USUAL_RATES = (
    [] if _RELAY_IS_HERE else ["relay=3000", "mail.ru=600", "yandex=600", "gmail=600", "other=600"]
)
MAIL_RATES = {
    lane.strip(): float(rate)
    for lane, rate in (pair.split("=") for pair in env.list("MAIL_RATES", default=_USUAL_RATES))
}
# Where a restored backup is recognized (notifications/epoch.py): a file that the backup does
# not hold; or, where no file is kept, a name that is changed by hand after a restore.
MAIL_EPOCH = env.str("MAIL_EPOCH", default="")
MAIL_EPOCH_FILE = Path(env.str("MAIL_EPOCH_FILE", default=str(VAR_DIR / "mail-epoch")))
# Workers are told of new mail at once, this long after the first of a burst (seconds).
BELL_RINGS = True
BELL_DELAY_SECONDS = 0.3
# What a message may enclose: name → function(snapshot) → bytes. A setting, so that
# the post office needs to know none of the houses above it.
MAIL_ENCLOSURES = {
    "calendar": "registrations.calendar.enclosure",
    "programme": "registrations.calendar.programme_enclosure",
    "file": "registrations.announcement_files.enclosure",
    "ticket": "registrations.tickets.enclosure",
}

# --- webhooks: other programs that are told --------------------------------------
# Networks that webhooks may lead into, as "10.1.0.0/16,127.0.0.0/8"; there also without TLS.
# Everybody else's own servers are on the internet, and nothing is sent anywhere else.
WEBHOOK_INTERNAL_NETWORKS = env.list("WEBHOOK_INTERNAL_NETWORKS", default=[])
# Who writes to the organizers when one is paused: function(hook, at).
WEBHOOK_NOTICE = "registrations.webhook_notices.write_paused"

# --- Celery: a broker that may vanish, or hang, at any moment ---------------------
CELERY_BROKER_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 840
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_TIMEZONE = "UTC"
# A wake-up that nobody took is worth nothing once the next one is due. But whether it is
# stale is told by the worker's clock against the sender's: when they differ by an hour, a
# worker must not throw every wake-up away (seconds).
CLOCKS_DIFFER_BY = 2 * 3600
# A worker takes from both; one that shall tell webhooks only is started with -Q webhooks.
CELERY_TASK_QUEUES = [Queue("celery"), Queue("webhooks")]
CELERY_TASK_DEFAULT_QUEUE = "celery"
CELERY_TASK_ROUTES = {"notifications.tasks.tell": {"queue": "webhooks"}}
# Every entry is an idempotent sweep over rows: a second beat does no harm.
CELERY_BEAT_SCHEDULE = {
    name: {"task": task, "schedule": seconds, "options": {"expires": seconds + CLOCKS_DIFFER_BY}}
    for name, task, seconds in [
        ("deliver mail", "notifications.tasks.deliver", MAIL_SWEEP_SECONDS),
        ("read bounces", "notifications.tasks.read_bounces", 60),
        ("tell webhooks", "notifications.tasks.tell", 5),
        ("plan reminders", "registrations.tasks.plan_reminders", 60),
        ("release seats", "registrations.tasks.release_seats", 60),
        ("lapse offers", "registrations.tasks.lapse_offers", 60),
        ("remind heads", "registrations.tasks.remind_heads", 60),
        ("take lists", "registrations.tasks.take_lists", 60),
        ("write announcements", "registrations.tasks.write_announcements", 10),
        ("bring tables", "registrations.tasks.bring_tables", 10),
        ("forget on time", "registrations.tasks.forget", 3600),
        ("render batches", "badges.tasks.render", 10),
        ("worker is alive", "notifications.tasks.tick", 15),
    ]
}

# --- API -------------------------------------------------------------------------
REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "config.problems.explain",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.bearer.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["config.parsing.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "config.paging.Cursor",
    "PAGE_SIZE": 50,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Yavka",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "BatchKindEnum": "badges.models.BatchKind",
        "MeetingKindEnum": "events.models.Kind",
        "MeetingStatusEnum": "events.models.MeetingStatus",
        "RegionKindEnum": "events.models.RegionKind",
        "RegistrationStatusEnum": "registrations.models.Status",
        "ConsentKindEnum": "registrations.models.ConsentKind",
        "ReminderKindEnum": "registrations.models.RuleKind",
        "SessionKindEnum": "events.models.SessionKind",
        "MendingOutcomeEnum": "notifications.mending.Outcome",
        "OutcomeEnum": "attendance.models.Outcome",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"without tokens": {"()": "config.discretion.WithoutTokens"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["without tokens"],
        }
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
