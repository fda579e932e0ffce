# The image of the webhook, of the auditor, and of the plugin that takes snapshots of the access entries. `make image` makes the same without Docker, and with an SBOM; a test
# holds both to the same flags, labels and settings. To pin the base, give it by digest:
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg GO_IMAGE=golang@sha256:... --build-arg VERSION=v1.2.3 .
ARG GO_IMAGE=golang:1.26.11

FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS build
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=devel
ENV CGO_ENABLED=0 GOAMD64=v1 GOARM64=v8.0 GOFLAGS= GOEXPERIMENT= GOWORK=off GOTOOLCHAIN=local
WORKDIR /src
COPY go.mod go.sum ./
COPY build/go.mod build/go.sum ./build/
RUN --mount=type=cache,target=/go/pkg/mod \
    go mod download && go mod download -C build
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -trimpath -buildvcs=false -ldflags "-s -w -buildid= -X github.com/aws-auth-guard/aws-auth-guard/internal/version.release=${VERSION}" -o /out/webhook ./cmd/webhook
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -trimpath -buildvcs=false -ldflags "-s -w -buildid= -X github.com/aws-auth-guard/aws-auth-guard/internal/version.release=${VERSION}" -o /out/kubectl-aws_auth ./cmd/kubectl-aws_auth
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go run -C build ./licenses -root .. -packages ./cmd/webhook,./cmd/kubectl-aws_auth -platforms ${TARGETOS}/${TARGETARCH} -out /out/NOTICES

FROM scratch
ARG VERSION=devel
ARG REVISION=
LABEL org.opencontainers.image.title="aws-auth-guard" \
      org.opencontainers.image.description="The guard of kube-system/aws-auth on EKS: admission webhook and auditor" \
      org.opencontainers.image.source="https://github.com/aws-auth-guard/aws-auth-guard" \
      org.opencontainers.image.documentation="https://github.com/aws-auth-guard/aws-auth-guard#readme" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY LICENSE /licenses/LICENSE
COPY --from=build /out/NOTICES /licenses/NOTICES
COPY --from=build /out/webhook /webhook
COPY --from=build /out/kubectl-aws_auth /kubectl-aws_auth
WORKDIR /
USER 65532:65532
ENTRYPOINT ["/webhook"]
CMD ["serve"]
