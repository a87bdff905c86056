# One image for the web server, the worker, beat and the migrations.
FROM python:3.13-slim-bookworm AS libraries
COPY requirements/run.txt /tmp/run.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --no-deps -r /tmp/run.txt

FROM python:3.13-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=config.settings \
    STATIC_ROOT=/opt/static \
    VAR_DIR=/var/lib/yavka \
    MALLOC_ARENA_MAX=1
COPY --from=libraries /opt/venv /opt/venv
WORKDIR /opt/yavka
COPY . .
# Neither command asks the database or keeps the key.
RUN SECRET_KEY=build DATABASE_URL=postgres://build@127.0.0.1/build sh -c \
        'python manage.py catalogue --compile && python manage.py collectstatic --noinput' \
    && python -m compileall -q . \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin yavka \
    && install -d -o yavka -g yavka /var/lib/yavka
USER 10001:10001
VOLUME /var/lib/yavka
EXPOSE 8000
CMD ["gunicorn", "-c", "config/gunicorn.py", "--bind", "0.0.0.0:8000", "config.wsgi"]
