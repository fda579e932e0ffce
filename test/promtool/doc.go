// Package promtool tests the alerts and the dashboard of the chart with Prometheus' own tools: promtool for what each
// alert does, the parser for every query.
package promtool
