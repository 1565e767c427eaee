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

{{/* "true" for what makes results and so signs them: not for gateways that only answer requests. Argument: dict "root" $ "name" SERVICE. */}}
{{- define "moodifier.signs" -}}
{{- $answers := and (eq .name "gateway") .root.Values.services.worker.enabled -}}
{{- if and .root.Values.signing.existingSecret (include "moodifier.isGateway" .name) (not $answers) }}true{{ end -}}
{{- end -}}

{{/* What the gateway's code reads and keeps: a folder unless all lies in database and bucket, and the key that signs. Argument as above. */}}
{{- define "moodifier.gateway.mounts" -}}
{{- if or (not .root.Values.database.existingSecret) .root.Values.objectStore.claim }}
- { name: data, mountPath: /data }
{{- end }}
{{- if include "moodifier.signs" . }}
- { name: signing, mountPath: /etc/moodifier-signing, readOnly: true }
{{- end }}
{{- end -}}

{{- define "moodifier.gateway.volumes" -}}
{{- $values := .root.Values }}
{{- if not $values.database.existingSecret }}
- name: data
  {{- if $values.database.embeddedClaim }}
  persistentVolumeClaim: { claimName: {{ $values.database.embeddedClaim }} }
  {{- else }}
  emptyDir: { sizeLimit: 10Gi }
  {{- end }}
{{- else if $values.objectStore.claim }}
- name: data
  persistentVolumeClaim: { claimName: {{ $values.objectStore.claim }} }
{{- end }}
{{- if include "moodifier.signs" . }}
- name: signing
  secret:
    secretName: {{ $values.signing.existingSecret }}
    # 0440
    defaultMode: 288
    items:
      - { key: {{ $values.signing.certificatesKey }}, path: certificates.pem }
      - { key: {{ $values.signing.keyKey }}, path: key.pem }
{{- end }}
{{- end -}}
