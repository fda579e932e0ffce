// Package writers lets each tool that writes the map do so for real: to a real API server with the guard in front. It holds what
// the tool's user sees, and how many requests a try costs, to testdata and to docs/writers.md.
package writers
