{{- define "tako.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}{{- end -}}
{{- end -}}
{{- end -}}

{{- define "tako.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tako.labels" -}}
{{ include "tako.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "tako.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ default (include "tako.fullname" .) .Values.serviceAccount.name }}
{{- else }}{{ default "default" .Values.serviceAccount.name }}{{ end -}}
{{- end -}}

{{- define "tako.secret" -}}
{{ default (include "tako.fullname" .) .Values.existingSecret }}
{{- end -}}

{{- define "tako.postgres" -}}
{{- if or .Values.database.url .Values.database.existingSecret }}yes{{ end -}}
{{- end -}}

{{- /* What cannot work is refused here, where somebody reads it. */ -}}
{{- define "tako.check" -}}
{{- if gt (int .Values.replicaCount) 1 -}}
{{- if not (include "tako.postgres" .) }}{{ fail "replicaCount is more than 1, which a database file cannot serve: give database.url or database.existingSecret, or one replica." }}{{ end -}}
{{- if not (hasPrefix "s3://" .Values.blob.store) }}{{ fail "replicaCount is more than 1, and the replicas must share their files: give blob.store as s3://bucket/prefix, or one replica." }}{{ end -}}
{{- if .Values.persistence.existingClaim }}{{ fail "persistence.existingClaim is for one replica: leave it empty, or give one replica." }}{{ end -}}
{{- end -}}
{{- if and .Values.backup.to (include "tako.postgres" .) }}{{ fail "backup.to is for the database file; back a PostgreSQL database up with its own means." }}{{ end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) }}{{ fail "ingress.enabled needs ingress.hosts: give the names by which people reach the server." }}{{ end -}}
{{- end -}}
