// Package slowproxy stands between a client and a real API server and, when told to, delays, holds or refuses what comes
// through: how an API server behaves that is overloaded or gone.
package slowproxy
