{{/* Written by `make generate` from the rules: which of them ask the cluster about what. */}}
{{- define "aws-auth-guard.rulesAbout.nodes" -}}node-access-lost{{- end -}}
{{- define "aws-auth-guard.rulesAbout.bindings" -}}group-unbound,username-uppercase,writer-scope{{- end -}}
{{- define "aws-auth-guard.rulesAbout.grants" -}}privilege-escalation{{- end -}}
{{/* Those that ask nothing while the policy names no writers. */}}
{{- define "aws-auth-guard.rulesOfWriters" -}}writer-scope{{- end -}}
