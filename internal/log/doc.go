// Package log writes log lines asynchronously, so that a slow or stuck log, as a container's may be, delays nobody.
package log
