// Package audit says what is true of a live cluster: what is wrong with its map, who enters with which rights, whether the
// guard comes before it; and what of that has changed, as reports and Events. It talks to no cluster itself but through
// internal/cluster/live.
package audit
