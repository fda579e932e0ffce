// Package values reads values.yaml of the chart, and makes the schema and the tables of the chart's README from its comments.
package values
