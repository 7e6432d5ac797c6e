# Build: docker build -t rapport .
# Run:   docker run -p 127.0.0.1:7070:7070 -v rapport-data:/data --env-file keys.env rapport
# The keys must be preset (RAPPORT__KEYS__WRITE, …SERVER, …ADMIN), since inside a container the server does not listen on
# loopback only.
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN cargo build --release --locked -p server --bin rapport

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 rapport && install -d -o rapport -g rapport -m 0700 /data
COPY --from=build /source/target/release/rapport /usr/local/bin/rapport
USER rapport
VOLUME /data
EXPOSE 7070
STOPSIGNAL SIGTERM
ENV RAPPORT__SERVER__LISTEN=0.0.0.0:7070
ENTRYPOINT ["rapport", "--data", "/data"]
CMD ["serve"]
