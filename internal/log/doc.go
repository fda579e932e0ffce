// Package log writes a log behind those who log: one that is slow or stuck, as a container's may be, holds up nobody.
package log
