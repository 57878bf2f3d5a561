# One image for every role; the role is the first argument: up (default), web, worker, clock, db …

FROM docker.io/library/python:3.11-slim-bookworm AS assets
WORKDIR /src
# node from pip, the version that uv.lock names.
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN pip install --no-cache-dir --root-user-action=ignore uv \
    && uv export -q --frozen --only-group ui --no-emit-project -o /ui.txt \
    && pip install --no-cache-dir --root-user-action=ignore --require-hashes -r /ui.txt
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-fund --no-audit
COPY invoicer_core ./invoicer_core
RUN npm run build

FROM docker.io/library/python:3.11-slim-bookworm AS packages
WORKDIR /app
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir --root-user-action=ignore uv
COPY pyproject.toml uv.lock README.md LICENSE ./
# What the plugins need stands in the lock, so that this layer lasts until the lock changes.
RUN uv sync -q --frozen --all-packages --no-default-groups --no-install-workspace
COPY migrations ./migrations
COPY plugins ./plugins
COPY invoicer_core ./invoicer_core
COPY deploy/catalogs.py ./deploy/catalogs.py
RUN uv sync -q --frozen --all-packages --no-default-groups \
    && .venv/bin/python deploy/catalogs.py build \
    && python -m compileall -q invoicer_core migrations plugins

FROM docker.io/library/python:3.11-slim-bookworm
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-core fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/*
# PostgreSQL refuses root, and its initdb wants a name for its user id.
RUN useradd --system --uid 999 --user-group --home-dir /data --no-create-home \
        --shell /usr/sbin/nologin invoicer \
    && install -d -o invoicer -g invoicer -m 0700 /data
WORKDIR /app
COPY --from=packages /app /app
COPY --from=assets /src/invoicer_core/web/static/dist /app/invoicer_core/web/static/dist
COPY deploy/healthcheck.py /app/deploy/healthcheck.py
ENV PATH=/app/.venv/bin:$PATH \
    INVOICER_DATA=/data \
    INVOICER_BIND=0.0.0.0 \
    PYTHONUNBUFFERED=1
USER 999:999
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "/app/deploy/healthcheck.py"]
ENTRYPOINT ["invoicer"]
CMD ["up"]
