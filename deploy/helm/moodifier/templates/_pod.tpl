{{/* What every pod has beside its containers and volumes. Argument: dict "root" $ "name" SERVICE "settings" MAP "grace" SECONDS. */}}
{{- define "moodifier.pod" -}}
{{- $values := .root.Values -}}
{{- $gpu := eq .settings.accelerator "nvidia" -}}
serviceAccountName: {{ include "moodifier.fullname" .root }}-{{ .name }}
automountServiceAccountToken: {{ and (eq .name "gateway") $values.clusterJobs.enabled }}
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .grace }}
securityContext: {{- include "moodifier.podSecurityContext" . | nindent 2 }}
{{- with $values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .settings.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- if and $gpu .settings.gpu.runtimeClassName }}
runtimeClassName: {{ .settings.gpu.runtimeClassName }}
{{- end }}
{{- with .settings.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with (ternary (concat .settings.gpu.tolerations .settings.tolerations) .settings.tolerations $gpu) }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Names of the pod, then the service's own environment. Argument as above. */}}
{{- define "moodifier.pod.environment" -}}
- name: POD_NAME
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- name: POD_NAMESPACE
  valueFrom: { fieldRef: { fieldPath: metadata.namespace } }
{{- include "moodifier.environment" . }}
{{- end -}}

{{/* The folder that the gateway's code keeps things in; nothing when they all lie in database and bucket. Argument: the root. */}}
{{- define "moodifier.data.mount" -}}
{{- if or (not .Values.database.existingSecret) .Values.objectStore.claim -}}
- { name: data, mountPath: /data }
{{- end -}}
{{- end -}}

{{- define "moodifier.data.volume" -}}
{{- if not .Values.database.existingSecret -}}
- name: data
  {{- if .Values.database.embeddedClaim }}
  persistentVolumeClaim: { claimName: {{ .Values.database.embeddedClaim }} }
  {{- else }}
  emptyDir: { sizeLimit: 10Gi }
  {{- end }}
{{- else if .Values.objectStore.claim -}}
- name: data
  persistentVolumeClaim: { claimName: {{ .Values.objectStore.claim }} }
{{- end -}}
{{- end -}}
