{{- define "moodifier.port" -}}
{{- if include "moodifier.isGateway" . }}8080{{ else }}50051{{ end -}}
{{- end -}}

{{/* What Pod Security "restricted" asks of a container, and a read-only root. */}}
{{- define "moodifier.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{- define "moodifier.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{/* Startup gives the models time to load; readiness follows the health of the service; liveness asks only whether the event loop still turns. */}}
{{- define "moodifier.probes" -}}
{{- $startup := dict "periodSeconds" 2 "timeoutSeconds" 2 "failureThreshold" (max 1 (div (int .settings.startupSeconds) 2)) -}}
{{- $readiness := dict "periodSeconds" 5 "timeoutSeconds" 3 "failureThreshold" 2 -}}
{{- $liveness := dict "periodSeconds" 15 "timeoutSeconds" 10 "failureThreshold" 4 -}}
{{- if include "moodifier.isGateway" .name }}
startupProbe: {{- toYaml (merge (dict "httpGet" (dict "path" "/healthz" "port" "http")) $startup) | nindent 2 }}
readinessProbe: {{- toYaml (merge (dict "httpGet" (dict "path" (ternary "/readyz?only=database" "/readyz" (eq .name "gateway")) "port" "http")) $readiness) | nindent 2 }}
livenessProbe: {{- toYaml (merge (dict "httpGet" (dict "path" "/healthz" "port" "http")) $liveness) | nindent 2 }}
{{- else }}
startupProbe: {{- toYaml (merge (dict "grpc" (dict "port" 50051)) $startup) | nindent 2 }}
readinessProbe: {{- toYaml (merge (dict "grpc" (dict "port" 50051)) $readiness) | nindent 2 }}
livenessProbe: {{- toYaml (merge (dict "grpc" (dict "port" 50051 "service" "live")) $liveness) | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The Deployment of one service. Argument: dict "root" $ "name" SERVICE. */}}
{{- define "moodifier.deployment" -}}
{{- $values := .root.Values -}}
{{- $settings := include "moodifier.settings" . | fromYaml -}}
{{- $gateway := include "moodifier.isGateway" .name | eq "true" -}}
{{- $dispatches := and (eq .name "gateway") $values.clusterJobs.enabled -}}
{{- $gpu := eq $settings.accelerator "nvidia" -}}
{{- $image := include "moodifier.image" (dict "root" .root "image" $settings.image "what" (printf "services.%s.image" .name)) -}}
{{- $grace := add (int $settings.preStopSeconds) (int $settings.drainSeconds) 10 -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "moodifier.fullname" .root }}-{{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "moodifier.labels" . | nindent 4 }}
spec:
  {{- if eq $settings.autoscaling.mode "none" }}
  replicas: {{ $settings.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  progressDeadlineSeconds: {{ add (int $settings.startupSeconds) 300 }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: {{ ternary 0 $settings.rollout.maxSurge $gpu }}
      maxUnavailable: {{ ternary 1 $settings.rollout.maxUnavailable $gpu }}
  selector:
    matchLabels: {{- include "moodifier.selector" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "moodifier.labels" . | nindent 8 }}
      {{- if or $settings.podAnnotations $dispatches }}
      annotations:
        {{- with $settings.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- if $dispatches }}
        # The template is read once, at the start.
        checksum/job: {{ include "moodifier.job" .root | sha256sum }}
        {{- end }}
      {{- end }}
    spec:
      {{- include "moodifier.pod" (dict "root" .root "name" .name "settings" $settings "grace" $grace) | nindent 6 }}
      topologySpreadConstraints:
        {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
        - topologyKey: {{ . }}
          maxSkew: 1
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: {{- include "moodifier.selector" $ | nindent 14 }}
          matchLabelKeys: [pod-template-hash]
        {{- end }}
      {{- if and (not $gateway) (eq $values.models.source "init") }}
      initContainers: {{- include "moodifier.models.init" (dict "root" .root "image" $image) | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ .name }}
          image: {{ $image }}
          imagePullPolicy: {{ $values.images.pullPolicy }}
          ports:
            - { name: {{ ternary "http" "grpc" $gateway }}, containerPort: {{ include "moodifier.port" .name }}, protocol: TCP }
            - { name: metrics, containerPort: 9090, protocol: TCP }
          env:
            {{- include "moodifier.pod.environment" (dict "root" .root "name" .name "settings" $settings) | nindent 12 }}
          {{- include "moodifier.probes" (dict "name" .name "settings" $settings) | nindent 10 }}
          lifecycle:
            preStop:
              sleep: { seconds: {{ $settings.preStopSeconds }} }
          {{- $resources := deepCopy $settings.resources }}
          {{- if $gpu }}
          {{- range $kind := list "requests" "limits" }}
          {{- $_ := set (index $resources $kind) $settings.gpu.resource ($settings.gpu.count | toString) }}
          {{- end }}
          {{- end }}
          resources: {{- toYaml $resources | nindent 12 }}
          securityContext: {{- include "moodifier.securityContext" . | nindent 12 }}
          volumeMounts:
            - { name: tmp, mountPath: /tmp }
            {{- if not $gateway }}
            {{- include "moodifier.models.mount" .root | nindent 12 }}
            {{- else }}
            {{- with include "moodifier.gateway.mounts" . | trim }}
            {{- . | nindent 12 }}
            {{- end }}
            {{- end }}
            {{- with $settings.volumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
            {{- if $dispatches }}
            - { name: job, mountPath: /etc/moodifier, readOnly: true }
            {{- end }}
      volumes:
        - name: tmp
          emptyDir: { sizeLimit: 1Gi }
        {{- if not $gateway }}
        {{- include "moodifier.models.volume" .root | nindent 8 }}
        {{- else }}
        {{- with include "moodifier.gateway.volumes" . | trim }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- end }}
        {{- with $settings.volumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- if $dispatches }}
        - name: job
          configMap: { name: {{ include "moodifier.fullname" .root }}-job }
        {{- end }}
{{- end -}}
