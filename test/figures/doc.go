// Package figures writes what was measured as tables: for a terminal, and into the generated part of a page.
package figures
