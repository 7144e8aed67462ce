{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}

{{- define "comity.name" -}}
{{- printf "%s-comity" .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- /* What a Service and the policies select by: `comity egress --name` takes the same name. */ -}}
{{- define "comity.selector" -}}
app.kubernetes.io/name: {{ include "comity.name" . }}
{{- end -}}

{{- define "comity.labels" -}}
{{ include "comity.selector" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "comity.image" -}}
{{- if .Values.image.digest -}}
{{ printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else -}}
{{ printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end -}}
{{- end -}}
