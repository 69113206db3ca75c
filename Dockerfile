# Herald in one container: docker build -t herald . && docker run -v herald:/data -e HERALD_TOKEN=… herald
FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m venv /opt/herald && /opt/herald/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY bot ./bot
# EXTRAS=llm adds the client for a language model, which the lock file leaves out.
ARG EXTRAS=
RUN /opt/herald/bin/pip install --no-cache-dir --no-deps . \
 && if [ -n "$EXTRAS" ]; then /opt/herald/bin/pip install --no-cache-dir ".[$EXTRAS]"; fi

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home herald && install -d -o herald /data
COPY --from=build /opt/herald /opt/herald
ENV PATH=/opt/herald/bin:$PATH HERALD_DATA_DIR=/data PYTHONUNBUFFERED=1
USER herald
WORKDIR /data
VOLUME /data
# SIGTERM is handled: work in hand is finished within ten seconds.
STOPSIGNAL SIGTERM
ENTRYPOINT ["herald"]
CMD ["run"]
