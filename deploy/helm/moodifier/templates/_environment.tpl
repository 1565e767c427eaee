{{/* Environment of one service. Argument: dict "root" $ "name" SERVICE "settings" MAP. A name in env or secretEnv replaces the chart's own. */}}
{{- define "moodifier.environment" -}}
{{- $values := .root.Values -}}
{{- $prefix := include "moodifier.fullname" .root -}}
{{- $gateway := include "moodifier.isGateway" .name | eq "true" -}}
{{- $plain := dict
  "MOODIFIER_HOST" "0.0.0.0"
  "MOODIFIER_PORT" (include "moodifier.port" .name)
  "MOODIFIER_METRICS_PORT" "9090"
  "MOODIFIER_DRAIN_MS" (mul .settings.drainSeconds 1000 | toString) -}}
{{- if $gateway -}}
{{- range $peer := list "mllm" "clip" "diffusion" -}}
{{- $address := printf "dns:///%s-%s.%s.svc:%s" $prefix $peer $.root.Release.Namespace (include "moodifier.port" $peer) -}}
{{- $_ := set $plain (printf "MOODIFIER_%s_ADDRESS" (upper $peer)) $address -}}
{{- end -}}
{{- $_ := set $plain "MOODIFIER_CONNECTION_DRAIN_MS" "3000" -}}
{{- $secure := and $values.ingress.enabled $values.ingress.tlsSecret -}}
{{- $publicUrl := default (ternary (printf "https://%s" $values.ingress.host) "" (not (empty $secure))) $values.publicUrl -}}
{{- if and (eq .name "gateway") $publicUrl -}}{{- $_ := set $plain "MOODIFIER_PUBLIC_URL" $publicUrl -}}{{- end -}}
{{- with $values.clusterJobs -}}
{{- if .enabled -}}
{{- $_ := set $plain "MOODIFIER_BATCH_RUNNER" "shards" -}}
{{- if eq $.name "gateway" -}}
{{- $_ := set $plain "MOODIFIER_BATCH_SHARD_ROWS" (.shardRows | int | toString) -}}
{{- $_ := set $plain "MOODIFIER_BATCH_PARALLELISM" (.parallelism | int | toString) -}}
{{- $_ := set $plain "MOODIFIER_SHARD_RUNNER" "kubernetes" -}}
{{- $_ := set $plain "MOODIFIER_SHARD_RETRIES" (.retries | int | toString) -}}
{{- $_ := set $plain "MOODIFIER_JOB_TEMPLATE" "/etc/moodifier/job.yaml" -}}
{{- $_ := set $plain "MOODIFIER_JOB_NAMESPACE" $.root.Release.Namespace -}}
{{- $_ := set $plain "MOODIFIER_JOB_RUNNER" $prefix -}}
{{- if .queue -}}{{- $_ := set $plain "MOODIFIER_JOB_QUEUE" .queue -}}{{- end -}}
{{- if .deadlineSeconds -}}{{- $_ := set $plain "MOODIFIER_JOB_DEADLINE_SECONDS" (.deadlineSeconds | int | toString) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if eq .name "worker" -}}
{{- $_ := set $plain "MOODIFIER_ROLE" "worker" -}}
{{- else if and (eq .name "gateway") $values.services.worker.enabled -}}
{{- $_ := set $plain "MOODIFIER_ROLE" "api" -}}
{{- end -}}
{{- if or (not $values.database.existingSecret) $values.objectStore.claim -}}
{{- $_ := set $plain "MOODIFIER_DATA_DIR" "/data" -}}
{{- end -}}
{{- with $values.objectStore -}}
{{- if .bucket -}}
{{- $_ := set $plain "MOODIFIER_STORAGE" (printf "s3://%s/%s" .bucket .prefix) -}}
{{- $_ := set $plain "MOODIFIER_S3_REGION" .region -}}
{{- $_ := set $plain "MOODIFIER_S3_PATH_STYLE" (.pathStyle | toString) -}}
{{- if .endpoint -}}{{- $_ := set $plain "MOODIFIER_S3_ENDPOINT" .endpoint -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if include "moodifier.signs" . -}}
{{- $_ := set $plain "MOODIFIER_C2PA_CERTIFICATES" "/etc/moodifier-signing/certificates.pem" -}}
{{- $_ := set $plain "MOODIFIER_C2PA_KEY" "/etc/moodifier-signing/key.pem" -}}
{{- end -}}
{{- with $values.auth -}}
{{- $_ := set $plain "MOODIFIER_AUTH" (ternary "off" .mode (eq .mode "anonymous")) -}}
{{- if eq .mode "anonymous" -}}{{- $_ := set $plain "MOODIFIER_ALLOW_ANONYMOUS" "true" -}}{{- end -}}
{{- if eq .mode "jwt" -}}
{{- $_ := set $plain "MOODIFIER_JWT_ISSUER" (required "auth.jwt.issuer is needed while auth.mode is jwt" .jwt.issuer) -}}
{{- $_ := set $plain "MOODIFIER_JWT_AUDIENCE" (required "auth.jwt.audience is needed while auth.mode is jwt" .jwt.audience) -}}
{{- $_ := set $plain "MOODIFIER_JWT_JWKS_URL" (required "auth.jwt.jwksUrl is needed while auth.mode is jwt" .jwt.jwksUrl) -}}
{{- end -}}
{{- end -}}
{{- else -}}
{{- $_ := set $plain "MOODIFIER_MODEL_DIR" (printf "/models/%s" $values.models.family) -}}
{{- if eq .settings.accelerator "nvidia" -}}{{- $_ := set $plain "MOODIFIER_DEVICE" "cuda" -}}{{- end -}}
{{- end -}}
{{- if $values.telemetry.otlpEndpoint -}}
{{- $_ := set $plain "OTEL_EXPORTER_OTLP_ENDPOINT" $values.telemetry.otlpEndpoint -}}
{{- $_ := set $plain "OTEL_TRACES_SAMPLER" "parentbased_traceidratio" -}}
{{- $_ := set $plain "OTEL_TRACES_SAMPLER_ARG" ($values.telemetry.sampleRatio | toString) -}}
{{- end -}}
{{- $plain = mergeOverwrite $plain .settings.env -}}
{{- $secret := dict -}}
{{- if $gateway -}}
{{- with $values.database -}}
{{- if .existingSecret -}}
{{- $_ := set $secret "MOODIFIER_DATABASE_URL" (dict "secret" .existingSecret "key" .urlKey) -}}
{{- end -}}
{{- end -}}
{{- with $values.auth -}}
{{- if .operatorKeysSecret -}}
{{- $_ := set $secret "MOODIFIER_OPERATOR_KEYS" (dict "secret" .operatorKeysSecret "key" .operatorKeysKey) -}}
{{- end -}}
{{- end -}}
{{- with $values.objectStore -}}
{{- if and .bucket .existingSecret -}}
{{- $_ := set $secret "AWS_ACCESS_KEY_ID" (dict "secret" .existingSecret "key" .accessKeyIdKey) -}}
{{- $_ := set $secret "AWS_SECRET_ACCESS_KEY" (dict "secret" .existingSecret "key" .secretAccessKeyKey) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $secret = mergeOverwrite $secret .settings.secretEnv -}}
{{- range $name, $value := $plain }}
{{- if not (hasKey $secret $name) }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- if and (not $gateway) (not (hasKey $plain "MOODIFIER_THREADS")) }}
- name: MOODIFIER_THREADS
  valueFrom:
    resourceFieldRef: { resource: limits.cpu }
{{- end }}
{{- range $name, $from := $secret }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef: { name: {{ $from.secret }}, key: {{ $from.key }} }
{{- end }}
- name: OTEL_RESOURCE_ATTRIBUTES
  value: k8s.namespace.name=$(POD_NAMESPACE),k8s.pod.name=$(POD_NAME)
{{- end -}}
