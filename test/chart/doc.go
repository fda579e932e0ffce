// Package chart tests the chart: what its values and the matrix of charts/aws-auth-guard/ci render to, and what is generated from it.
package chart
