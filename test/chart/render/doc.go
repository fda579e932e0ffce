// Package render renders the chart as `helm template` does, with Helm itself.
package render
