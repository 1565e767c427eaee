# One model family as an image, to be mounted as a volume: docker build -f deploy/images/models.Dockerfile --build-arg FAMILY=mini models
FROM scratch
ARG FAMILY=mini
COPY ${FAMILY} /${FAMILY}
