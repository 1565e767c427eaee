# A model service with ONNX Runtime's CUDA provider, on top of its plain image:
#   docker build -f deploy/images/cuda.Dockerfile --build-arg SERVICE_IMAGE=moodifier/diffusion:TAG --build-arg ORT_PACKAGE=URL -t moodifier/diffusion-cuda:TAG deploy/images
# CUDA_IMAGE must hold the CUDA and cuDNN that the provider was built for: the build fails when a library that it links is missing, but for the driver's libcuda,
# which the GPU node brings; cuDNN is loaded at the start.
# Run with a GPU and MOODIFIER_DEVICE=cuda (or cuda:N). Without a usable GPU the service stops; it never falls back to the CPU.
ARG SERVICE_IMAGE
ARG CUDA_IMAGE=docker.io/nvidia/cuda:13.0.1-cudnn-runtime-ubuntu24.04
FROM ${SERVICE_IMAGE} AS service

FROM ${CUDA_IMAGE} AS provider
# The version of onnxruntime-node in package-lock.json, and where its provider is: a URL (https:// or file://) of NuGet's package
# Microsoft.ML.OnnxRuntime.Gpu.Linux or of PyPI's wheel onnxruntime-gpu, both of this version.
ARG ORT_VERSION=1.30.0
ARG ORT_PACKAGE
RUN if [ -z "${ORT_PACKAGE}" ]; then echo "ORT_PACKAGE: expected the URL of Microsoft.ML.OnnxRuntime.Gpu.Linux or onnxruntime-gpu ${ORT_VERSION}, got none" >&2; exit 1; fi
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl unzip && rm -rf /var/lib/apt/lists/*
RUN curl -fsSL -o /tmp/ort.zip "${ORT_PACKAGE}" \
 && unzip -j /tmp/ort.zip '*/libonnxruntime_providers_*.so' -d /provider
RUN ldd /provider/libonnxruntime_providers_cuda.so | tee /tmp/ldd.txt && ! grep 'not found' /tmp/ldd.txt | grep -v '^\s*libcuda\.so\.1 '

FROM ${CUDA_IMAGE}
ENV NODE_ENV=production MALLOC_ARENA_MAX=2 MALLOC_TRIM_THRESHOLD_=100000 MOODIFIER_DEVICE=cuda
COPY --from=service /usr/local/bin/node /usr/local/bin/node
COPY --from=service /app /app
COPY --from=provider /provider/ /app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/
WORKDIR /app
USER 65532:65532
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "--enable-source-maps", "/app/main.js"]
