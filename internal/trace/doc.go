// Package trace says who a caller is to EKS: which of the two doors lets it in, as whom and with which rights, or why none
// does, what comes close, and what to add to the map.
package trace
