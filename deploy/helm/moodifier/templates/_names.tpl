{{/* Prefix of all names, at most 40 characters so that suffixes fit. */}}
{{- define "moodifier.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Labels that never change: selectors stand on them. Argument: dict "root" $ "name" SERVICE (name may be absent). */}}
{{- define "moodifier.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .name }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{/* All labels. Argument as above. */}}
{{- define "moodifier.labels" -}}
{{ include "moodifier.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: moodifier
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{/* The services that are rendered, joined by spaces. */}}
{{- define "moodifier.components" -}}
gateway{{ if .Values.services.worker.enabled }} worker{{ end }} mllm clip diffusion
{{- end -}}

{{/* The services and, while batches run as Jobs, `batch`: the pods of those Jobs. */}}
{{- define "moodifier.workloads" -}}
{{ include "moodifier.components" . }}{{ if .Values.clusterJobs.enabled }} batch{{ end }}
{{- end -}}

{{/* "true" for what runs the gateway's code: requests, jobs, or a share of a batch. Argument: SERVICE. */}}
{{- define "moodifier.isGateway" -}}
{{- if has . (list "gateway" "worker" "batch") }}true{{ end -}}
{{- end -}}

{{/* The settings of one service as YAML: defaults under its own; pods of Jobs have those of the workers. Argument as above. */}}
{{- define "moodifier.settings" -}}
{{- $own := deepCopy (get .root.Values.services (ternary "worker" .name (eq .name "batch"))) -}}
{{- $settings := mergeOverwrite (deepCopy .root.Values.defaults) $own -}}
{{- $values := .root.Values -}}
{{- if include "moodifier.isGateway" .name -}}
{{- $_ := set $settings "accelerator" "cpu" -}}
{{- if and $values.database.existingSecret (not $values.objectStore.bucket) (not $values.objectStore.claim) -}}
{{- fail "database.existingSecret needs objectStore.bucket or objectStore.claim: gateways that share jobs must share their pictures" -}}
{{- end -}}
{{- if and (has .name (list "worker" "batch")) (not $values.database.existingSecret) -}}
{{- $switch := ternary "clusterJobs.enabled" "services.worker.enabled" (eq .name "batch") -}}
{{- fail (printf "%s needs database.existingSecret: an embedded store cannot be shared" $switch) -}}
{{- end -}}
{{- if not $values.database.existingSecret -}}
{{- if ne $settings.autoscaling.mode "none" -}}
{{- fail "services.gateway.autoscaling.mode must be none without database.existingSecret: an embedded store cannot be shared" -}}
{{- end -}}
{{- $_ := set $settings "replicas" 1 -}}
{{- $_ := set $settings "rollout" (dict "maxSurge" 0 "maxUnavailable" 1) -}}
{{- end -}}
{{- end -}}
{{- if and (eq $settings.autoscaling.mode "hpa") (not $settings.autoscaling.hpa.cpuPercent) (not $settings.autoscaling.hpa.externalMetric.name) -}}
{{- fail (printf "services.%s.autoscaling.hpa needs cpuPercent or externalMetric.name" .name) -}}
{{- end -}}
{{- if and (eq $settings.autoscaling.mode "keda") (not $settings.autoscaling.keda.prometheus.serverAddress) (not $settings.autoscaling.keda.postgresql.enabled) -}}
{{- fail (printf "services.%s.autoscaling.keda needs prometheus.serverAddress or postgresql.enabled" .name) -}}
{{- end -}}
{{- if and $settings.autoscaling.keda.postgresql.enabled (not .root.Values.database.existingSecret) -}}
{{- fail (printf "services.%s.autoscaling.keda.postgresql needs database.existingSecret" .name) -}}
{{- end -}}
{{- toYaml $settings -}}
{{- end -}}

{{/* A pinned image. Argument: dict "root" $ "image" {repository, tag, digest} "what" PATH. */}}
{{- define "moodifier.image" -}}
{{- $repository := printf "%s%s" .root.Values.images.registry .image.repository -}}
{{- if .image.digest -}}
{{- printf "%s@%s" $repository .image.digest -}}
{{- else if .root.Values.images.requireDigest -}}
{{- fail (printf "%s.digest is needed while images.requireDigest is true" .what) -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .root.Chart.AppVersion .image.tag) -}}
{{- end -}}
{{- end -}}
