#!/usr/bin/env python3
"""Prepares Superset's own database and imports the dashboards: its own commands, run in one process, since each
start of it takes longer than its work."""

import os
import shutil
import sys
from pathlib import Path
from urllib.parse import quote

import expand


def warehouse_uri() -> str:
    """The password stands in it as an address wants it: it may hold any character."""
    password = Path(os.environ["STARSINK_PASSWORD_FILE"]).read_text().strip()
    return "postgresql+psycopg2://{}:{}@{}:{}/{}".format(
        quote(os.environ["STARSINK_USER"], safe=""),
        quote(password, safe=""),
        os.environ["STARSINK_HOST"],
        os.environ.get("STARSINK_PORT", "5432"),
        quote(os.environ["STARSINK_DATABASE"], safe=""),
    )


def has_relation(name: str) -> bool:
    import psycopg2

    with psycopg2.connect(warehouse_uri().replace("+psycopg2", "")) as warehouse, warehouse.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", (name,))
        return cursor.fetchone()[0]


def forget_events(app) -> None:
    """What Superset noted before it was told not to."""
    from superset.extensions import db
    from superset.models.core import Log

    with app.app_context():
        db.session.query(Log).delete()
        db.session.commit()


def main() -> None:
    from flask.cli import ScriptInfo
    from superset.app import create_app
    from superset.cli.main import superset

    app = create_app()
    info = ScriptInfo(create_app=lambda *_: app)

    def run(*arguments: str) -> None:
        superset.main(args=list(arguments), obj=info, standalone_mode=False)

    run("db", "upgrade")
    run("init")
    password = Path(os.environ["DASHBOARD_ADMIN_PASSWORD_FILE"]).read_text().strip()
    # The importer acts as the user of this name.
    run("fab", "create-admin", "--username", "admin", "--firstname", "Shop", "--lastname", "Manager",
        "--email", "admin@localhost", "--password", password)
    # Who was there already takes the password of now.
    run("fab", "reset-password", "--username", "admin", "--password", password)
    forget_events(app)
    # It is removed whatever is in it: a name that nobody else gives.
    folder = Path(os.environ["SUPERSET_HOME"]) / "starsink-assets"
    os.umask(0o077)
    expand.write(folder, warehouse_uri(), has_relation)
    try:
        run("import-directory", "--overwrite", str(folder))
    finally:
        # It names the warehouse's password.
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
