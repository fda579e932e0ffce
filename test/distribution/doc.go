// Package distribution tests the ways in which people get the plugin other than by hand: the GitHub Action, the hooks of
// pre-commit and the manifest for krew. What they run is run.
package distribution
