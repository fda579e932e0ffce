// Package picture draws the console block that the README begins with as an SVG in the look of a terminal, so that
// what the picture shows is what the README's test holds against the real kubectl.
package picture
