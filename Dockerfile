# Built and run as README.md says. The image holds Python, the locked packages of production, and the product.
# The index of 3.11.16 of 19 September 2026, as the official images list it. 'make pin' writes the newest.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${PYTHON_IMAGE} AS build
# Of the source, not of the moment: --build-arg SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) --build-arg COMMIT=...
ARG SOURCE_DATE_EPOCH=315532800
ARG COMMIT=
ARG BUILDER=unknown
ARG PYTHON_IMAGE
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/reveille
WORKDIR /source
COPY requirements/ requirements/
# As in the Makefile the lock alone decides. The check after it says what is missing.
RUN /opt/reveille/bin/python -m pip install --no-deps --no-compile --require-hashes -r requirements/runtime.txt
# What builds the product is locked, too. It stays in this stage, in an environment of its own.
RUN python -m venv /opt/build \
    && sed -n '/^setuptools==/,/[^\\]$/p' requirements/demo.txt > /tmp/build.txt \
    && /opt/build/bin/python -m pip install --no-deps --require-hashes -r /tmp/build.txt
COPY pyproject.toml README.md ./
COPY checks/ checks/
COPY handlers/ handlers/
COPY bot/ bot/
RUN /opt/build/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir /tmp/wheels . \
    && /opt/reveille/bin/python -m pip install --no-deps --no-compile --no-index --find-links /tmp/wheels reveille \
    && /opt/reveille/bin/python -m pip check \
    # Nothing is installed in the image itself, so nothing is needed that installs.
    && /opt/reveille/bin/python -m pip uninstall --yes setuptools pip \
    # A module that is missing is found here, and not by the first request.
    && /opt/reveille/bin/python -B -c "import bot.composition.serve" \
    && mkdir /opt/reveille/share \
    && /opt/reveille/bin/python -B requirements/bill.py sbom > /opt/reveille/share/sbom.cdx.json \
    && /opt/reveille/bin/python -B requirements/bill.py provenance /tmp/wheels/*.whl requirements/runtime.txt \
        > /opt/reveille/share/provenance.json \
    # Compiled once, by what the files hold and not by when they were written: the same sources give the same bytes.
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/reveille/lib \
    && find /opt/reveille -depth -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

FROM ${PYTHON_IMAGE}
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/reveille reveille
COPY --from=build /opt/reveille /opt/reveille
ENV PATH=/opt/reveille/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PORT=8080
# Only this folder and /tmp are written to. A store in a file needs a volume here; on Cloud Run set
# REVEILLE_STORE=firestore.
WORKDIR /var/lib/reveille
USER 10001
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/health', timeout=4)"]
ENTRYPOINT ["reveille"]
CMD ["serve"]
