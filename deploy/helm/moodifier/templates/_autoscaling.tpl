{{/* Up at once, down slowly: a pod that goes takes warm models with it. Argument: the autoscaling settings. */}}
{{- define "moodifier.scaleBehavior" -}}
scaleUp:
  stabilizationWindowSeconds: 0
  selectPolicy: Max
  policies:
    - { type: Percent, value: 100, periodSeconds: 15 }
    - { type: Pods, value: 4, periodSeconds: 15 }
scaleDown:
  stabilizationWindowSeconds: {{ .scaleDownStabilizationSeconds }}
  policies:
    - { type: Pods, value: 1, periodSeconds: 120 }
{{- end -}}

{{/*
Tasks that wait or run, as a query of Prometheus. All replicas of the gateway's code tell of the same database, a model service each of its own queue. Rows of batches
count while they wait: one that runs has a job. Argument: dict "root" $ "name" SERVICE.
*/}}
{{- define "moodifier.demand" -}}
{{- $from := printf "service=\"%s\",namespace=\"%s\"" .name .root.Release.Namespace -}}
{{- if include "moodifier.isGateway" .name -}}
{{- $from = printf "service=\"gateway\",namespace=\"%s\"" .root.Release.Namespace -}}
{{- $waiting := ternary ",queue!=\"rows\"" "" .root.Values.clusterJobs.enabled -}}
sum(max by (queue) (moodifier_queue_depth{ {{- $from }}{{ $waiting -}} })) + sum(max by (queue) (moodifier_queue_running{ {{- $from }},queue!="rows"}))
{{- else -}}
sum(moodifier_queue_depth{ {{- $from -}} }) + sum(moodifier_queue_running{ {{- $from -}} })
{{- end -}}
{{- end -}}

{{/* Jobs, and rows that wait for one, as a query of PostgreSQL; without what Jobs of the cluster run. Argument: the root. */}}
{{- define "moodifier.jobs" -}}
{{- if .Values.clusterJobs.enabled -}}
SELECT COUNT(*) FROM job WHERE finished_at IS NULL AND batch_id IS NULL
{{- else -}}
SELECT (SELECT COUNT(*) FROM job WHERE finished_at IS NULL) + (SELECT COUNT(*) FROM (SELECT 1 FROM batch_row JOIN batch ON batch.id = batch_row.batch_id WHERE batch.status = 'running' AND batch_row.status = 'pending' LIMIT 10000) AS waiting)
{{- end -}}
{{- end -}}
