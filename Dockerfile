# The engine as an image: `docker build -t REGISTRY/keelson:VERSION .`, then `keelson install --image REGISTRY/keelson:VERSION`.
# Git fetches sources, OpenSSH those over ssh; nothing else is needed beside Node.
FROM node:22-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN npm ci && npm run build && npm prune --omit=dev

FROM node:22-bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends git openssh-client ca-certificates \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /src/node_modules node_modules
COPY --from=build /src/engine engine
COPY --from=build /src/console/dist console/dist
COPY --from=build /src/examples examples
# As the Deployment of `keelson install` runs it: no rights, nothing to write but its data folder.
USER 65534:65534
ENTRYPOINT ["node", "/app/engine/bin/keelson.js"]
