"""Settings, driven by the environment (docs/operations.md lists the variables)."""

from __future__ import annotations

import datetime
import os
import secrets
from importlib.util import find_spec
from pathlib import Path

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config.mail import mail_settings

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("RW_DATA_DIR", BASE_DIR / ".run"))
PRODUCT = "Raumwohlstand"

DEBUG = os.environ.get("RW_DEBUG", "") == "1"
SECRET_KEY = os.environ.get("RW_SECRET_KEY") or secrets.token_urlsafe(50)  # without: good for one process, see config/wsgi.py
SECRET_KEY_FALLBACKS = [k for k in os.environ.get("RW_SECRET_KEY_FALLBACKS", "").split(",") if k]
ALLOWED_HOSTS = os.environ.get("RW_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("RW_TRUSTED_ORIGINS", "").split(",") if o]


def _wheel_library(package: str, pattern: str) -> str | None:
    """Return the path of a shared library that a wheel carries, so that no system GEOS or GDAL is needed."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent.parent / f"{package}.libs"
    return next((str(p) for p in sorted(folder.glob(pattern))), None)


GEOS_LIBRARY_PATH = os.environ.get("GEOS_LIBRARY_PATH") or _wheel_library("shapely", "libgeos_c*")
GDAL_LIBRARY_PATH = os.environ.get("GDAL_LIBRARY_PATH") or _wheel_library("pyogrio", "libgdal*")

INSTALLED_APPS = [
    "config",
    "geo",
    "layers",
    "vacancies",
    "network",
    "network.apps.OfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.gis",
    "django.contrib.sitemaps",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rules",
    "leaflet",
    "csp",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.csp.AdminPolicyMiddleware",
    "config.compress.CompressMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "network.signin.privacy.OwnPagesMiddleware",
    "network.basic.BasicAuthMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "vacancies.errors.RaumErrorMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "vacancies.context.site",
            ],
        },
    }
]

FORM_RENDERER = "config.forms.Renderer"  # label, help, error and field as one group, the same on every page

DATABASES = {
    "default": dj_database_url.config(
        default="postgis:///raumwohlstand",
        conn_max_age=600,
        conn_health_checks=True,
        engine="django.contrib.gis.db.backends.postgis",
    )
}
DATABASES["default"]["TEST"] = {
    "NAME": os.environ.get("RW_TEST_DB", "test_raumwohlstand"),
    **({"TEMPLATE": os.environ["RW_TEST_TEMPLATE"]} if os.environ.get("RW_TEST_TEMPLATE") else {}),
}
# The services read as this role, which sees the public views and nothing else.
READER_ROLE = os.environ.get("RW_READER_ROLE", "raum_reader")
if not READER_ROLE.isidentifier() or not READER_ROLE.islower():
    raise ImproperlyConfigured(f"RW_READER_ROLE is {READER_ROLE!r}; it must be of small letters, digits and _.")
READER_URL = os.environ.get("RW_READER_URL", "")  # its own sign-in; the database is always that of DATABASE_URL
REGISTER_ROLE = f"{READER_ROLE}_register"  # sees the register's views besides; for those who signed in
# what the services offer, in this order
PUBLISHED = ["vacancies.published.COLLECTIONS", "layers.published.COLLECTIONS", "network.showcase.published.COLLECTIONS"]
INTERNAL = ["vacancies.published.INTERNAL"]  # what they offer besides to those who may see it
SCOPE_OF = "network.members.scope_of"  # whose rows of the register a person sees
# Who answers for what is published: stands in the metadata and in what the services say of themselves.
PUBLIC_URL = os.environ.get("RW_PUBLIC_URL", "").rstrip("/")
CONTACT = {
    "name": os.environ.get("RW_CONTACT_NAME", "Betreiber dieser Installation (RW_CONTACT_NAME ist nicht gesetzt)"),
    "mail": os.environ.get("RW_CONTACT_MAIL", "nicht-gesetzt@example.org"),
    "address": os.environ.get("RW_CONTACT_ADDRESS", "RW_CONTACT_ADDRESS ist nicht gesetzt"),
    "postcode": os.environ.get("RW_CONTACT_POSTCODE", "00000"),
    "city": os.environ.get("RW_CONTACT_CITY", "RW_CONTACT_CITY ist nicht gesetzt"),
}
# Mails: RW_MAIL_URL is smtp+tls://name:password@host:587; without it each mail becomes a file in mail/ of the data folder.
globals().update(mail_settings(os.environ.get("RW_MAIL_URL", ""), DATA_DIR / "mail"))
DEFAULT_FROM_EMAIL = os.environ.get("RW_MAIL_FROM") or CONTACT["mail"]
LOCAL_URL = os.environ.get("RW_LOCAL_URL", "http://localhost:8000")  # for links in mails of a trial without RW_PUBLIC_URL
CONTACT_IS_NAMED = bool(os.environ.get("RW_CONTACT_NAME") and os.environ.get("RW_CONTACT_MAIL"))
CONTRIBUTOR_ID = os.environ.get("RW_CONTRIBUTOR_ID", "")  # the URI that GovData gave the publisher
PUBLISHER_TYPE = os.environ.get("RW_PUBLISHER_TYPE", "")  # what kind of body it is, and what only it can say of the catalogue
CATALOGUE_LICENCE = os.environ.get("RW_CATALOGUE_LICENCE", "")
PUBLIC_SINCE = datetime.date.fromisoformat(os.environ["RW_PUBLIC_SINCE"]) if os.environ.get("RW_PUBLIC_SINCE") else None
PGTRIGGER_INSTALL_ON_MIGRATE = True  # a restored dump lacks the trigger that compares geometries
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "de"
LANGUAGES = [("de", "Deutsch"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Berlin"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = False
FORMAT_MODULE_PATH = "config.formats"  # dates as in Britain

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "web" / "static", ("basemap", BASE_DIR / "data" / "basemap")]
MEDIA_URL = "/fotos/"
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.storage.HashedStaticStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Signing in: by e-mail address, confirmed; what is asked twice, hidden and counted is set here, django-allauth does it.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend", "rules.permissions.ObjectPermissionBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "account"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "network.signin.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_MAX_EMAIL_ADDRESSES = 5
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # of this session; all others end
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True  # two weeks, as the privacy text says
ACCOUNT_USER_DISPLAY = lambda user: user.email or user.get_username()  # noqa: E731
MFA_ADAPTER = "network.signin.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = PRODUCT
MFA_TOTP_TOLERANCE = 1  # steps of 30 s that clocks may differ
# Behind how many proxies the server stands that each add to X-Forwarded-For; limits are counted per client's address.
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("RW_PROXIES", "1" if os.environ.get("RW_HTTPS", "") == "1" else "0"))
# How long what is kept after its end, for the nightly job (network.privacy.retention).
RETENTION = {
    "idle_account_months": int(os.environ.get("RW_KEEP_IDLE_ACCOUNT_MONTHS", "24")),
    "unconfirmed_days": int(os.environ.get("RW_KEEP_UNCONFIRMED_DAYS", "30")),
    "invitation_days": int(os.environ.get("RW_KEEP_INVITATION_DAYS", "30")),
    "revoked_days": int(os.environ.get("RW_KEEP_REVOKED_DAYS", "30")),
    "request_months": int(os.environ.get("RW_KEEP_REQUEST_MONTHS", "12")),
    "consent_months": int(os.environ.get("RW_KEEP_CONSENT_MONTHS", "36")),
    "closed_vacancy_months": int(os.environ.get("RW_KEEP_CLOSED_VACANCY_MONTHS", "24")),
    "event_days": int(os.environ.get("RW_EVENT_KEPT_DAYS", "30")),
    "advice_days": int(os.environ.get("RW_ADVICE_KEPT_DAYS", "365")),
    "inquiry_months": int(os.environ.get("RW_INQUIRY_MONTHS", "12")),
    "report_unconfirmed_months": int(os.environ.get("RW_REPORT_UNCONFIRMED_MONTHS", "6")),
    "report_address_months": int(os.environ.get("RW_REPORT_ADDRESS_MONTHS", "3")),
    "owner_log_months": int(os.environ.get("RW_OWNER_LOG_MONTHS", "12")),
    "backup_days": int(os.environ.get("RW_KEEP_BACKUP_DAYS", "35")),
}
DELETION_LOG = Path(os.environ.get("RW_DELETION_LOG") or DATA_DIR / "deletions.log")
SECURITY_CONTACT = os.environ.get("RW_SECURITY_CONTACT", "")  # mailto:… or https://…; stands in /.well-known/security.txt

MAIL_REPLY_DOMAIN = os.environ.get("RW_MAIL_REPLY_DOMAIN", "")  # whose mail the operator's server hands to `receive_mail`
UNPUBLISH_MONTHS = int(os.environ.get("RW_UNPUBLISH_MONTHS", "24"))  # unconfirmed for longer: no longer public; 0 = never
UPLOADS = DATA_DIR / "uploads"  # lists that wait to be applied, for an hour

# Pages speak to nobody but this server. An operator may add one basemap host.
BASEMAP_URL = os.environ.get("RW_BASEMAP_URL", "")  # XYZ template, empty = own quiet basemap
BASEMAP_ATTRIBUTION = os.environ.get("RW_BASEMAP_ATTRIBUTION", "")
if BASEMAP_URL and not (BASEMAP_URL.startswith(("https://", "http://")) and all(part in BASEMAP_URL for part in ("{z}", "{x}", "{y}"))):
    raise ImproperlyConfigured(f"RW_BASEMAP_URL is {BASEMAP_URL!r}; it must begin with https:// and contain {{z}}, {{x}} and {{y}}.")
_BASEMAP_HOST = ["/".join(BASEMAP_URL.replace("{s}", "*").split("/")[:3])] if BASEMAP_URL else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", *_BASEMAP_HOST],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [SELF],
    }
}

# Rows above which the map asks the server instead of holding them all; 200,000 are 2 MB.
MAP_ROWS = int(os.environ.get("RW_MAP_ROWS", "250000"))

# Whose pages may embed map and list: origins, or * for everybody.
EMBED_ORIGINS = [o for o in os.environ.get("RW_EMBED_ORIGINS", "*").split(",") if o]

# Remote WFS, WMS and CSW are asked by name only. None named: the hosts of data/remote_layers.toml and data/catalogues.toml.
REMOTE_HOSTS = [h for h in os.environ.get("RW_REMOTE_HOSTS", "").split(",") if h]
# "host:port" of servers in the operator's own network, which may be private and speak http.
REMOTE_INTERNAL_HOSTS = [h for h in os.environ.get("RW_REMOTE_INTERNAL_HOSTS", "").split(",") if h]
REMOTE_TILES = DATA_DIR / "remote-tiles"
REMOTE_TILES_BYTES = 500_000_000

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"
SESSION_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no third cookie
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("RW_HTTPS", "") == "1"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

LEAFLET_CONFIG = {
    "DEFAULT_CENTER": (52.45, 13.3),
    "DEFAULT_ZOOM": 8,
    "MIN_ZOOM": 6,
    "MAX_ZOOM": 19,
    "TILES": [(PRODUCT, BASEMAP_URL, {"attribution": BASEMAP_ATTRIBUTION})] if BASEMAP_URL else [],
    "RESET_VIEW": False,
    "SCALE": "metric",
    "NO_GLOBALS": False,
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"quiet": {"()": "config.logs.QuietFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "quiet"}},
    "root": {"handlers": ["console"], "level": os.environ.get("RW_LOG_LEVEL", "WARNING")},
    "loggers": {"django": {"handlers": [], "propagate": True}},  # no error report by mail: it would hold what people typed
}
