"""Django's settings. Everything that differs between machines comes from the environment.

DATABASE_URL, SECRET_KEY, ALLOWED_HOSTS, SITE_URL, MAIL_URL are documented in
docs/operations/starting.md.
"""

import os
from pathlib import Path

from afterclose.config import machine
from afterclose.kit import outbound
from afterclose.kit.postgres import database_settings

BASE_DIR = Path(__file__).resolve().parents[3]
DATA_DIR = machine.data_dir(BASE_DIR)

DEBUG = os.environ.get("DEBUG", "") == "1"
SECRET_KEY = machine.secret_key(DATA_DIR)
SECRET_KEY_FALLBACKS = machine.words("SECRET_KEY_FALLBACKS", "")
ALLOWED_HOSTS = machine.words("ALLOWED_HOSTS", "localhost 127.0.0.1 [::1] testserver")
SITE_URL = os.environ.get("SITE_URL", "http://localhost:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SITE_URL.startswith("https://") else []
IS_SECURE = SITE_URL.startswith("https://")

INSTALLED_APPS = [
    "procrastinate.contrib.django",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "afterclose.ui",
    "afterclose.businesses",
    "afterclose.accounts",
    "afterclose.tasks",
    "afterclose.notifications",
    "afterclose.webhooks",
    "afterclose.segments",
    "afterclose.billing",
    "afterclose.usage",
    "afterclose.support",
    "afterclose.feedback",
    "afterclose.health",
    "afterclose.renewals",
    "afterclose.home",
    "afterclose.ops",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "afterclose.config",
]

MIDDLEWARE = [
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "afterclose.businesses.sessions.middleware.SessionsMiddleware",
    "afterclose.businesses.middleware.BusinessMiddleware",
    "afterclose.ui.middleware.HtmxMiddleware",
    "afterclose.businesses.rest.middleware.ApiMiddleware",
]

ROOT_URLCONF = "afterclose.config.urls"
ASGI_APPLICATION = "afterclose.config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "afterclose.ui.context.shell",
            ],
        },
    },
]
FORM_RENDERER = "afterclose.ui.forms.Renderer"

DATABASES = {"default": {**database_settings(), "ATOMIC_REQUESTS": True}}

# Only the limits on sign-in live here; in the database, so that every process counts together.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "shared_cache",
    }
}

# Procrastinate: jobs live in each app's jobs.py, all schedules in config/schedule.py.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

# People and sign-in
AUTH_USER_MODEL = "businesses.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "afterclose.businesses.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True  # and an audit entry, see sign_in.AccountAdapter
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # nobody has us mail strangers
ACCOUNT_FORMS = {"reset_password": "afterclose.businesses.resets.ResetForm"}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
# Tries per time and network address, account (key) or person; counted in the shared cache.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reset_password": "20/m/ip,5/h/key",
    "reset_password_from_key": "20/m/ip",
    "change_password": "5/m/user",
    "change_email": "5/h/user",
    "reauthenticate": "10/m/user",
    "invite": "30/h/user",
}
# How many proxies of one's own stand in front, so that the limits see who really asks.
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("TRUSTED_PROXIES") or 0)
SOCIALACCOUNT_ADAPTER = "afterclose.businesses.single_sign_on.adapter.SocialAccountAdapter"
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "provider_class": "afterclose.businesses.single_sign_on.provider.OidcProvider"
    }
}
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"  # single_sign_on decides whom it believes
# An address is confirmed by the invitation that went to it, or by addresses.confirm; allauth would
# keep a note of its own, which nothing here sets, and refuse second factors without it.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Afterclose"
MFA_TOTP_TOLERANCE = 1  # half minutes that a phone's clock may be off; see second_factors
MFA_FORMS = {
    "authenticate": "afterclose.businesses.second_factors.CodeForm",
    "reauthenticate": "afterclose.businesses.second_factors.CodeAgainForm",
    "activate_totp": "afterclose.businesses.second_factors.NewAppForm",
    "add_webauthn": "afterclose.businesses.second_factors.NewKeyForm",
    "edit_webauthn": "afterclose.businesses.second_factors.KeyNameForm",
    "authenticate_webauthn": "afterclose.businesses.second_factors.KeyForm",
    "login_webauthn": "afterclose.businesses.second_factors.PasskeyForm",
    "reauthenticate_webauthn": "afterclose.businesses.second_factors.KeyAgainForm",
}
MFA_ADAPTER = "afterclose.businesses.sign_in.MfaAdapter"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_SECURE

# Mail: printed by the console backend until MAIL_URL names a server.
MAILERS = {"default": machine.mail(os.environ.get("MAIL_URL", ""))}
DEFAULT_FROM_EMAIL = os.environ.get("MAIL_FROM", "Afterclose <afterclose@localhost>")

# Figures for Prometheus at /metrics, for whoever sends this token; off without one.
METRICS_TOKEN = machine.token("AFTERCLOSE_METRICS_TOKEN")
if METRICS_TOKEN:
    _below = MIDDLEWARE.index("whitenoise.middleware.WhiteNoiseMiddleware") + 1
    MIDDLEWARE.insert(_below, "afterclose.ops.metrics.RequestMetrics")

# Webhooks: networks that are not public and may be called all the same; none by default.
WEBHOOKS_ALLOW = outbound.networks(machine.words("AFTERCLOSE_WEBHOOKS_ALLOW", ""))

# Language, time: stored in UTC, shown in the person's zone.
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# Static files: our own, and the listed front-end parts straight from node_modules.
# STATIC_MADE: one style sheet and one script for each page, put together from both.
STATIC_URL = "/static/"
STATIC_ROOT = machine.folder(DATA_DIR / "static")
STATIC_MADE = DATA_DIR / "static-made"
STATIC_IS_COLLECTED = os.environ.get("AFTERCLOSE_STATIC") == "collected"
NODE_MODULES = BASE_DIR / "node_modules"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "afterclose.ui.finders.NodeModulesFinder",
    "afterclose.ui.finders.BundleFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": machine.static_storage(STATIC_IS_COLLECTED)},
}
WHITENOISE_USE_FINDERS = not STATIC_IS_COLLECTED
MEDIA_ROOT = DATA_DIR / "files"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# What one API key may ask for.
API_REQUESTS_PER_MINUTE = int(os.environ.get("API_REQUESTS_PER_MINUTE", "1200"))

# Safety
SECURE_CSP = {
    "default-src": ["'self'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
}
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_SECURE
SESSION_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 31_536_000 if IS_SECURE else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_SECURE else None
CSRF_FAILURE_VIEW = "afterclose.ui.errors.csrf_failure"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "WARNING")},
    "loggers": {"afterclose": {"level": os.environ.get("LOG_LEVEL", "INFO")}},
}
