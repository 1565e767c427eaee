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

{{/* Tasks that wait or run, as a query of Prometheus. All replicas of the gateway's code tell of the same database, a model service each of its own queue. Argument: dict "root" $ "name" SERVICE. */}}
{{- define "moodifier.demand" -}}
{{- $gateway := include "moodifier.isGateway" .name | eq "true" -}}
{{- $series := printf "{service=\"%s\",namespace=\"%s\"}" (ternary "gateway" .name $gateway) .root.Release.Namespace -}}
{{- $sum := ternary "sum(max by (queue) (%s%s))" "sum(%s%s)" $gateway -}}
{{ printf $sum "moodifier_queue_depth" $series }} + {{ printf $sum "moodifier_queue_running" $series }}
{{- end -}}
