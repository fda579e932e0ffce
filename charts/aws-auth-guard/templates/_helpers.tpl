{{/*
The name of everything in the chart. A cluster has one guard at most, so the name of the release is no part of it
and the commands of the documentation hold for every install.
*/}}
{{- define "aws-auth-guard.fullname" -}}
{{- default (default .Chart.Name .Values.nameOverride) .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/*
The labels of every object; the component is added by each template.
*/}}
{{- define "aws-auth-guard.labels" -}}
{{ include "aws-auth-guard.selectorLabels" . }}
app.kubernetes.io/part-of: aws-auth-guard
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
The labels that selectors go by, which can't be changed once installed.
*/}}
{{- define "aws-auth-guard.selectorLabels" -}}
app.kubernetes.io/name: {{ default "aws-auth-guard" .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/*
The labels of pods: without the version of the chart, which alone is no reason to restart them.
*/}}
{{- define "aws-auth-guard.podLabels" -}}
{{ include "aws-auth-guard.selectorLabels" . }}
app.kubernetes.io/part-of: aws-auth-guard
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
The image; a digest pins what a tag only names.
*/}}
{{- define "aws-auth-guard.image" -}}
{{- with .Values.image -}}
{{- if .registry }}{{ .registry }}/{{ end }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ if .digest }}@{{ .digest }}{{ end }}
{{- end -}}
{{- end -}}

{{/*
What all pods have alike: the secrets for the registry (what an umbrella chart shares, then the own ones), and DNS.
*/}}
{{- define "aws-auth-guard.podSettings" -}}
{{- with concat ((.Values.global).imagePullSecrets | default list) .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ kindIs "string" . | ternary . (dig "name" "" (kindIs "map" . | ternary . dict)) }}
  {{- end }}
{{- end }}
{{- with .Values.dnsConfig }}
dnsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "aws-auth-guard.serviceAccountName" -}}
{{- default (include "aws-auth-guard.fullname" .) .Values.webhook.serviceAccount.name -}}
{{- end -}}

{{- define "aws-auth-guard.auditorServiceAccountName" -}}
{{- default (printf "%s-auditor" (include "aws-auth-guard.fullname" .)) .Values.auditor.serviceAccount.name -}}
{{- end -}}

{{/*
The ConfigMap with the snapshot of the access entries. It has one name everywhere, by which the plugin finds it.
*/}}
{{- define "aws-auth-guard.accessConfigMap" -}}
aws-auth-guard-access
{{- end -}}

{{/*
The name of all that fills it.
*/}}
{{- define "aws-auth-guard.accessName" -}}
{{ include "aws-auth-guard.fullname" . }}-access
{{- end -}}

{{- define "aws-auth-guard.accessServiceAccountName" -}}
{{- default (include "aws-auth-guard.accessName" .) .Values.accessSnapshot.serviceAccount.name -}}
{{- end -}}

{{/*
The volumes of the policy and of the snapshot, and where they are mounted. Whole folders: a file mounted by itself would never change.
*/}}
{{- define "aws-auth-guard.fileVolumes" -}}
- name: policy
  configMap:
    name: {{ include "aws-auth-guard.fullname" . }}-policy
- name: access
  configMap:
    name: {{ include "aws-auth-guard.accessConfigMap" . }}
    # Without it nothing is known of the access entries, and the guard runs all the same.
    optional: true
{{- end -}}

{{- define "aws-auth-guard.fileMounts" -}}
- name: policy
  mountPath: /etc/aws-auth-guard/policy
  readOnly: true
- name: access
  mountPath: /etc/aws-auth-guard/access
  readOnly: true
{{- end -}}

{{- define "aws-auth-guard.fileArgs" -}}
- --policy=/etc/aws-auth-guard/policy/policy.yaml
- --access-snapshot=/etc/aws-auth-guard/access/snapshot
{{- end -}}

{{/*
The Secret with the certificate of the webhook, by mode.
*/}}
{{- define "aws-auth-guard.certificateSecret" -}}
{{- if eq .Values.certificates.mode "self-signed" -}}
{{ include "aws-auth-guard.fullname" . }}-certificates
{{- else if eq .Values.certificates.mode "existing" -}}
{{ .Values.certificates.existing.secretName }}
{{- else -}}
{{ include "aws-auth-guard.fullname" . }}-tls
{{- end -}}
{{- end -}}

{{/*
Not empty when the policy leaves the rule on. The argument is a list: the root and the name of the rule. Rules that ask the cluster
are on in every profile, so only the policy itself can switch them off.
*/}}
{{- define "aws-auth-guard.ruleEnabled" -}}
{{- $root := index . 0 -}}
{{- $rule := index . 1 -}}
{{- $setting := dig "rules" $rule dict $root.Values.policy | default dict -}}
{{- if ne (dig "action" "" $setting) "off" -}}true{{- end -}}
{{- end -}}

{{/*
The rules that ask the cluster about a topic and that the policy leaves on, with commas between them. The argument is a list: the root
and the topic.
*/}}
{{- define "aws-auth-guard.rulesAbout" -}}
{{- $root := index . 0 -}}
{{- $on := list -}}
{{- $idle := list -}}
{{- if not (or $root.Values.policy.writers $root.Values.policy.writersOnly) -}}
{{- $idle = splitList "," (include "aws-auth-guard.rulesOfWriters" $root) -}}
{{- end -}}
{{- range splitList "," (include (printf "aws-auth-guard.rulesAbout.%s" (index . 1)) $root) -}}
{{- if and (include "aws-auth-guard.ruleEnabled" (list $root .)) (not (has . $idle)) -}}{{- $on = append $on . -}}{{- end -}}
{{- end -}}
{{- join ", " $on -}}
{{- end -}}

{{/*
Nine tenths of a memory limit for the garbage collector, so that it works harder before the kernel ends the process.
The argument is the resources. Empty where there is no limit in Mi or Gi.
*/}}
{{- define "aws-auth-guard.goMemoryLimit" -}}
{{- $limit := dig "limits" "memory" "" . | toString -}}
{{- if regexMatch "^[0-9]+Mi$" $limit -}}
{{- div (mul (trimSuffix "Mi" $limit | int64) 9) 10 }}MiB
{{- else if regexMatch "^[0-9]+Gi$" $limit -}}
{{- div (mul (trimSuffix "Gi" $limit | int64) 1024 9) 10 }}MiB
{{- end -}}
{{- end -}}

{{/*
The conditions under which the API server asks the guard. They hold without any pod of the guard running.
*/}}
{{- define "aws-auth-guard.matchConditions" -}}
# The request's own name is empty when a collection is deleted, the object's while the API server has still to generate it.
- name: aws-auth
  expression: "has((object != null ? object : oldObject).metadata.name) && (object != null ? object : oldObject).metadata.name == 'aws-auth'"
{{- with .Values.webhook.breakGlass }}
{{- if .users }}
- name: break-glass-users
  expression: {{ printf "!has(request.userInfo.username) || !(request.userInfo.username in %s)" (toJson .users) | quote }}
{{- end }}
{{- if .groups }}
- name: break-glass-groups
  expression: {{ printf "!has(request.userInfo.groups) || !request.userInfo.groups.exists(g, g in %s)" (toJson .groups) | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/*
The conditions under which the companion policies ask.
*/}}
{{- define "aws-auth-guard.companionConditions" -}}
matchConditions:
  {{- include "aws-auth-guard.matchConditions" . | nindent 2 }}
  {{- range $i, $user := .Values.companionPolicy.exemptUsers }}
  - name: exempt-user-{{ $i }}
    {{- if hasSuffix "*" $user }}
    expression: {{ printf "!has(request.userInfo.username) || !request.userInfo.username.startsWith(%s)" (trimSuffix "*" $user | toJson) | quote }}
    {{- else }}
    expression: {{ printf "!has(request.userInfo.username) || request.userInfo.username != %s" (toJson $user) | quote }}
    {{- end }}
  {{- end }}
{{- end -}}

{{/*
How the API server reaches the guard. The argument is a list: the root and the path.
*/}}
{{- define "aws-auth-guard.clientConfig" -}}
{{- $root := index . 0 -}}
{{- if eq $root.Values.certificates.mode "existing" -}}
caBundle: {{ $root.Values.certificates.existing.caBundle | trim | printf "%s\n" | b64enc }}
{{ end -}}
service:
  name: {{ include "aws-auth-guard.fullname" $root }}
  namespace: {{ $root.Release.Namespace }}
  path: {{ index . 1 }}
  port: 443
{{- end -}}

{{/*
Annotations of both webhook configurations. The CA comes from cert-manager's cainjector or from the guard itself; the chart
leaves the field out, so neither an upgrade nor an apply takes it away.
*/}}
{{- define "aws-auth-guard.webhookConfigurationAnnotations" -}}
{{- $annotations := dict -}}
{{- if eq .Values.certificates.mode "cert-manager" -}}
{{- $_ := set $annotations "cert-manager.io/inject-ca-from" (printf "%s/%s-tls" .Release.Namespace (include "aws-auth-guard.fullname" .)) -}}
{{- end -}}
{{- with merge $annotations .Values.commonAnnotations -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

{{/*
The scope of both webhooks: kube-system alone, found by the label that the API server itself keeps and nobody can take away.
*/}}
{{- define "aws-auth-guard.webhookScope" -}}
namespaceSelector:
  matchLabels:
    kubernetes.io/metadata.name: kube-system
rules:
  - apiGroups: [""]
    apiVersions: ["v1"]
    operations: ["CREATE", "UPDATE", "DELETE"]
    resources: ["configmaps"]
    scope: Namespaced
{{- end -}}

{{/*
Hard or soft: pods of one component on hosts of their own. The argument is a list: the root, the settings and the component.
*/}}
{{- define "aws-auth-guard.affinity" -}}
{{- $root := index . 0 -}}
{{- $settings := index . 1 -}}
{{- $component := index . 2 -}}
{{- with $settings.affinity -}}
{{- toYaml . -}}
{{- else -}}
podAntiAffinity:
{{- if eq $settings.podAntiAffinity "hard" }}
  requiredDuringSchedulingIgnoredDuringExecution:
    - topologyKey: kubernetes.io/hostname
      labelSelector:
        matchLabels:
          {{- include "aws-auth-guard.selectorLabels" $root | nindent 10 }}
          app.kubernetes.io/component: {{ $component }}
{{- else }}
  preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 100
      podAffinityTerm:
        topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels:
            {{- include "aws-auth-guard.selectorLabels" $root | nindent 12 }}
            app.kubernetes.io/component: {{ $component }}
{{- end }}
{{- end -}}
{{- end -}}

{{/*
Zone spread of one component. The argument is a list: the root, the settings and the component.
*/}}
{{- define "aws-auth-guard.topologySpread" -}}
{{- $root := index . 0 -}}
{{- $settings := index . 1 -}}
{{- with $settings.topologySpreadConstraints -}}
{{- toYaml . -}}
{{- else -}}
- maxSkew: 1
  topologyKey: topology.kubernetes.io/zone
  # A cluster in one zone, or one that lost a zone, must still get its guard.
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "aws-auth-guard.selectorLabels" $root | nindent 6 }}
      app.kubernetes.io/component: {{ index . 2 }}
  # Counts the pods of one rollout alone.
  matchLabelKeys: ["pod-template-hash"]
{{- end -}}
{{- end -}}

{{/*
The flags that every run of `webhook audit` gets.
*/}}
{{- define "aws-auth-guard.auditArgs" -}}
{{- $fullname := include "aws-auth-guard.fullname" . -}}
{{ include "aws-auth-guard.fileArgs" . }}
- --admitted={{ $fullname }}-admitted
- --webhook-configuration={{ $fullname }}
{{- end -}}

{{/*
The environment of every run of `webhook audit`.
*/}}
{{- define "aws-auth-guard.auditEnv" -}}
env:
  - name: AWS_AUTH_GUARD_NAMESPACE
    valueFrom:
      fieldRef:
        fieldPath: metadata.namespace
  {{- with include "aws-auth-guard.goMemoryLimit" .Values.auditor.resources }}
  - name: GOMEMLIMIT
    value: {{ . }}
  {{- end }}
  {{- with .Values.auditor.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/*
The rest that the containers of `webhook audit` have alike.
*/}}
{{- define "aws-auth-guard.auditContainer" -}}
securityContext:
  {{- toYaml .Values.auditor.securityContext | nindent 2 }}
{{- with .Values.auditor.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  {{- include "aws-auth-guard.fileMounts" . | nindent 2 }}
  {{- with .Values.auditor.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/*
Where the pods may connect to: DNS and the API server, whose addresses a NetworkPolicy can't know.
*/}}
{{- define "aws-auth-guard.egress" -}}
- ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
- ports:
    {{- range .Values.networkPolicy.apiServerPorts }}
    - port: {{ . }}
      protocol: TCP
    {{- end }}
{{- end -}}
