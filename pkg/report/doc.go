// Package report holds what was found in files in one model, and writes it in one format a file: text, JSON, SARIF, JUnit,
// GitHub annotations, Markdown and HTML.
package report
