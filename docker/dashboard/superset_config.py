"""Superset's settings for the shop's dashboards: one process, its own SQLite, a short cache in memory.

What differs from place to place comes from the environment.
"""

import os
from pathlib import Path

from kept_connections import keep
from shared_answers import SharedAnswers
from shop_filters import ShopFilters
from superset.utils.log import AbstractEventLogger

HOME = Path(os.environ["SUPERSET_HOME"])
# Signs cookies; made by serve.sh.
SECRET_KEY = (HOME / "secret_key").read_text().strip()
SQLALCHEMY_DATABASE_URI = f"sqlite:///{HOME}/superset.db?timeout=30"
APP_NAME = "starsink"

# Everybody who looks at a dashboard shares the answers of the last five seconds, or of what the environment says; a dataset
# may say more, in its dashboard's file. Pages that renew themselves take them too.
SHARED_SECONDS = float(os.environ.get("DASHBOARD_SHARED_SECONDS") or 5)
CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
DATA_CACHE_CONFIG = {"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 2}
DASHBOARD_AUTO_REFRESH_MODE = "fetch"
DB_CONNECTION_MUTATOR = keep


FILTER_STATE_CACHE_CONFIG = EXPLORE_FORM_DATA_CACHE_CONFIG = {
    "CACHE_TYPE": "SimpleCache",
    "CACHE_DEFAULT_TIMEOUT": 86400,
}
RATELIMIT_STORAGE_URI = "memory://"


class NoEventLogger(AbstractEventLogger):
    """Superset would note every request of every open page in its database, for good, and nobody reads it."""

    def log(self, *_: object, **__: object) -> None:
        pass

    log_with_context = log

    @staticmethod
    def refuse_at_the_door(superset):
        """Each page tells after each renewal how long its charts took: heard without waking Superset."""

        def hear(environ, start):
            if environ.get("PATH_INFO") != "/superset/log/":
                return superset(environ, start)
            # Else the connection ends.
            environ["wsgi.input"].read(1 << 20)
            start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "0")])
            return [b""]

        return hear


EVENT_LOGGER = NoEventLogger()


def FLASK_APP_MUTATOR(app) -> None:  # noqa: N802 - Superset calls it so
    SharedAnswers(app, f"{HOME}/superset.db", seconds=SHARED_SECONDS)
    app.wsgi_app = NoEventLogger.refuse_at_the_door(app.wsgi_app)


# Datasets call the warehouse's reports with the dashboard's filters in them.
FEATURE_FLAGS = {"ENABLE_TEMPLATE_PROCESSING": True}
JINJA_CONTEXT_ADDONS = {"shop_filters": ShopFilters}

# The cards of key figures are HTML with classes of their own.
HTML_SANITIZATION_SCHEMA_EXTENSIONS = {"attributes": {"*": ["className"]}}

# Colours that people with any kind of colour blindness tell apart: Okabe and Ito's, the darkest ones first.
COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999", "#000000"]
EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {
        "id": "okabe_ito",
        "description": "Told apart by everybody",
        "label": "Okabe and Ito",
        "isDefault": True,
        "colors": COLOURS,
    },
    {
        "id": "steps",
        "description": "Black text is readable on each",
        "label": "Steps",
        "colors": ["#56B4E9", "#7CC3ED", "#A3D4F2", "#C4E3F7", "#DFF0FB"],
    },
]
EXTRA_SEQUENTIAL_COLOR_SCHEMES = [
    {
        "id": "blues",
        "description": "From light to dark: readable without hue",
        "label": "Blues",
        "isDefault": True,
        "isDiverging": False,
        "colors": ["#DCEBF5", "#9CC7E3", "#56A0CF", "#0072B2", "#003F66"],
    }
]
THEME_DEFAULT = {
    "token": {
        "colorPrimary": "#0072B2",
        "brandAppName": "starsink",
        "brandLogoAlt": "Superset",
        "brandLogoUrl": "/static/assets/images/superset-logo-horiz.png",
        "brandLogoMargin": "18px 0",
        "brandLogoHref": "/",
        "brandLogoHeight": "24px",
        "brandSpinnerUrl": None,
        "brandSpinnerSvg": None,
    },
    "algorithm": "default",
}
THEME_DARK = None

# Behind a reverse proxy, and only there, its headers say who asks and for which address.
PROXY = os.environ.get("DASHBOARD_PROXY", "")
if PROXY not in ("", "http", "https"):
    raise SystemExit(f"DASHBOARD_PROXY is http, https or empty, not {PROXY!r}")
ENABLE_PROXY_FIX = PROXY != ""
HAS_TLS = PROXY == "https"
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        # Handlebars, which lays the cards out, compiles its templates.
        "script-src": ["'self'", "'strict-dynamic'", "'unsafe-eval'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": HAS_TLS,
}
WTF_CSRF_ENABLED = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = REMEMBER_COOKIE_SECURE = HAS_TLS
