# Podschool in one image: the web bundle, the server, and nothing else.
# The real backend needs no kubectl in the image: the built-in one speaks to any Kubernetes API.

FROM node:20-bookworm-slim AS web
WORKDIR /build/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY web ./
RUN npm run build -- --outDir /build/dist

FROM rust:1.95-bookworm AS server
WORKDIR /build
COPY . .
COPY --from=web /build/dist /build/dist
ENV PODSCHOOL_WEB_DIST=/build/dist
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked --bin podschool && cp target/release/podschool /podschool \
    && mkdir /data

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=server /podschool /podschool
# A new volume takes its owner from here: without it the folder would be root's, and nothing could be kept.
COPY --from=server --chown=65532:65532 /data /data
ENV PODSCHOOL_LISTEN=0.0.0.0:8080 PODSCHOOL_DATA=/data
VOLUME /data
# Pages, and learners' own kubectl where PODSCHOOL_K8S_LISTEN lets it in.
EXPOSE 8080 8443
ENTRYPOINT ["/podschool"]
CMD ["serve"]
