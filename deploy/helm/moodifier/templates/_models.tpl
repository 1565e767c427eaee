{{/* The volume that holds the model weights. Argument: the root. */}}
{{- define "moodifier.models.volume" -}}
- name: models
{{- if eq .Values.models.source "image" }}
  image:
    reference: {{ include "moodifier.image" (dict "root" . "image" .Values.models.image "what" "models.image") }}
    pullPolicy: {{ .Values.images.pullPolicy }}
{{- else if eq .Values.models.source "pvc" }}
  persistentVolumeClaim:
    claimName: {{ required "models.pvc.claimName is needed while models.source is pvc" .Values.models.pvc.claimName }}
    readOnly: true
{{- else }}
  emptyDir:
    sizeLimit: {{ .Values.models.init.sizeLimit }}
{{- end }}
{{- end -}}

{{- define "moodifier.models.mount" -}}
- name: models
  mountPath: /models
  readOnly: true
{{- if and (eq .Values.models.source "pvc") .Values.models.pvc.subPath }}
  subPath: {{ .Values.models.pvc.subPath }}
{{- end }}
{{- end -}}

{{/* Downloads one family and checks it. Argument: dict "root" $ "image" IMAGE. */}}
{{- define "moodifier.models.init" -}}
{{- with .root.Values.models }}
- name: fetch-models
  image: {{ $.image }}
  imagePullPolicy: {{ $.root.Values.images.pullPolicy }}
  command: [node, /app/fetch-models.mjs]
  env:
    - name: MODEL_URL
      value: {{ required "models.init.url is needed while models.source is init" .init.url | quote }}
    - name: MODEL_FAMILY
      value: {{ .family | quote }}
    - name: MANIFEST_SHA256
      value: {{ required "models.init.manifestSha256 is needed while models.source is init" .init.manifestSha256 | quote }}
    - name: TARGET
      value: /models
  resources:
    # Equal, as the Guaranteed class asks of every container.
    requests: { cpu: "1", memory: 256Mi }
    limits: { cpu: "1", memory: 256Mi }
  securityContext:
    {{- include "moodifier.securityContext" $ | nindent 4 }}
  volumeMounts:
    - name: models
      mountPath: /models
{{- end }}
{{- end -}}
