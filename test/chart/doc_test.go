package chart

import (
	_ "github.com/cert-manager/cert-manager/pkg/apis/certmanager"
	_ "github.com/helm-unittest/helm-unittest/pkg/unittest"
	_ "github.com/prometheus-operator/prometheus-operator/pkg/versionutil"
	_ "helm.sh/helm/v3/pkg/action"
	_ "k8s.io/client-go/kubernetes"
	_ "k8s.io/api/core/v1"
	_ "k8s.io/apimachinery/pkg/apis/meta/v1"
	_ "github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
)
