// Package yamlpos finds YAML nodes in their source: go.yaml.in/yaml/v3 tells the line and column where a node
// begins, and this package adds byte ranges and, for scalars, which source bytes each byte of the value came
// from. Everything it says of a scalar was checked against the value that the library read; where the two do
// not agree it says nothing, so an editor that relies on it refuses instead of guessing.
package yamlpos
