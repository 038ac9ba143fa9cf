{{- /* One release is for a cluster, so that what it makes has the same names everywhere. */ -}}
{{- define "cloud.labels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "cloud.meta" -}}
name: tako-{{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  app.kubernetes.io/name: tako-{{ .name }}
  {{- include "cloud.labels" .root | nindent 2 }}
{{- end -}}

{{- define "cloud.bucketSecret" -}}
{{- if .Values.bucket.existingSecret }}{{ .Values.bucket.existingSecret }}{{ else if .Values.bucket.place }}tako-cloud{{ end -}}
{{- end -}}

{{- define "cloud.controlSecret" -}}
{{ default "tako-control" .Values.control.existingSecret }}
{{- end -}}

{{- /* What all pods have in common. */ -}}
{{- define "cloud.pod" -}}
serviceAccountName: tako-{{ .name }}
securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{ toJson . }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector: {{ toJson . }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations: {{ toJson . }}
{{- end }}
{{- with .root.Values.affinity }}
affinity: {{ toJson . }}
{{- end }}
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "cloud.template" -}}
metadata:
  labels:
    app.kubernetes.io/name: tako-{{ .name }}
    {{- with .root.Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with merge (dict) .annotations .root.Values.podAnnotations }}
  annotations: {{ toJson . }}
  {{- end }}
{{- end -}}

{{- define "cloud.container" -}}
name: {{ .name }}
image: {{ printf "%s:%s" .root.Values.image.repository (default .root.Chart.AppVersion .root.Values.image.tag) | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
{{- end -}}

{{- /* What cannot work is refused here, where somebody reads it. */ -}}
{{- define "cloud.check" -}}
{{- $c := .Values.control -}}
{{- with .Values.bucket.place }}{{ if not (hasPrefix "s3://" .) }}{{ fail "bucket.place is not as s3://bucket/prefix." }}{{ end }}{{ end -}}
{{- if and .Values.bucket.existingSecret (or .Values.bucket.place .Values.bucket.accessKey) }}{{ fail "bucket.existingSecret says everything of the bucket: leave bucket.place and bucket.accessKey empty, or it." }}{{ end -}}
{{- if $c.enabled -}}
{{- if not (or $c.users $c.existingSecret $c.oidc.issuer) }}{{ fail "control.enabled lets nobody in: give control.users, control.oidc.issuer or control.existingSecret." }}{{ end -}}
{{- if and $c.users $c.existingSecret }}{{ fail "control.existingSecret says who may sign in: leave control.users empty, or it." }}{{ end -}}
{{- if $c.oidc.issuer -}}
{{- if not $c.oidc.client }}{{ fail "control.oidc.issuer needs control.oidc.client, the id by which the issuer knows the control plane." }}{{ end -}}
{{- if not $c.url }}{{ fail "control.oidc.issuer needs control.url, to which the issuer sends people back." }}{{ end -}}
{{- if not (or $c.oidc.viewers $c.oidc.operators) }}{{ fail "control.oidc.issuer needs groups in control.oidc.viewers or control.oidc.operators: without them nobody may do anything." }}{{ end -}}
{{- end -}}
{{- if and $c.ingress.enabled (not $c.ingress.host) }}{{ fail "control.ingress.enabled needs control.ingress.host, the name by which people reach the control plane." }}{{ end -}}
{{- end -}}
{{- end -}}
