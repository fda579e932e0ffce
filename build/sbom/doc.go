// Package sbom lists what a program was linked from, as a CycloneDX document.
package sbom
