"""For any WSGI server: ``gunicorn wsgi:app``."""

from invoicer_core.app import create_app

app = create_app()
