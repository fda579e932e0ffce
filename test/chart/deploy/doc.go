// Package deploy makes the plain manifests and the kustomize folders of deploy/ from the chart.
package deploy
