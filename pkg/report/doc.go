// Package report holds what was found in files in one model, and writes it in one format a file: text, JSON, SARIF, JUnit,
// GitHub annotations, Markdown and HTML.
//
// It is part of the engine, which other programs may import: pure, without a client, a server or a clock.
package report
