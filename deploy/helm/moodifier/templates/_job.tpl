{{/* The pod template of the Jobs that run batches: the worker's settings, and a command that ends with its share of the rows. Argument: the root. */}}
{{- define "moodifier.job" -}}
{{- $argument := dict "root" . "name" "batch" -}}
{{- $settings := include "moodifier.settings" $argument | fromYaml -}}
{{- $grace := add (int $settings.drainSeconds) 10 -}}
metadata:
  labels: {{- include "moodifier.labels" $argument | nindent 4 }}
  {{- with $settings.podAnnotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- include "moodifier.pod" (dict "root" . "name" "batch" "settings" $settings "grace" $grace) | nindent 2 }}
  containers:
    - name: batch
      image: {{ include "moodifier.image" (dict "root" . "image" $settings.image "what" "services.worker.image") }}
      imagePullPolicy: {{ .Values.images.pullPolicy }}
      command: [node, --enable-source-maps, /app/services/gateway/dist/batches/shards/run-shard.js]
      args: [--metrics-port, "9090"]
      ports:
        - { name: metrics, containerPort: 9090, protocol: TCP }
      env:
        {{- include "moodifier.pod.environment" (dict "root" . "name" "batch" "settings" $settings) | nindent 8 }}
      resources: {{- toYaml $settings.resources | nindent 8 }}
      securityContext: {{- include "moodifier.securityContext" . | nindent 8 }}
      volumeMounts:
        - { name: tmp, mountPath: /tmp }
        {{- with include "moodifier.gateway.mounts" $argument | trim }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- with $settings.volumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: { sizeLimit: 1Gi }
    {{- with include "moodifier.gateway.volumes" $argument | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with $settings.volumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
