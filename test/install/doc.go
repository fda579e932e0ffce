// Package install installs the chart into a real cluster, with the image that is shipped, and edits aws-auth there.
package install
